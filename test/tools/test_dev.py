"""./dev on a system that is made up."""
import json
import re
import unittest

from dev_support import BOOST, NEEDED, PEERS, ROOT, Made


class Commands(Made):
    def test_help_lists_all(self):
        code, out, err = self.dev("help")
        self.assertEqual((code, err), (0, ""))
        commands = set(re.findall(r"^command_(\w+)\(\)", (ROOT / "dev").read_text(), re.M))
        self.assertEqual(set(re.findall(r"^  (\w+) ", out, re.M)), commands)
        presets = json.loads((ROOT / "CMakePresets.json").read_text())
        visible = [preset["name"] for preset in presets["configurePresets"] if not preset.get("hidden")]
        self.assertIn("one of " + " ".join(visible) + ".", out)
        for kind in "buildPresets", "testPresets":
            self.assertEqual([preset["name"] for preset in presets[kind] if not preset.get("hidden")], visible)

    def test_help_is_found_however_it_is_asked_for(self):
        shown = self.dev("help")
        for arguments in ((), ("-h",), ("--help",), ("test", "--help"), ("build", "-h"), ("setup", "--help"), ("clean", "--help"),
                          ("format", "--help"), ("stacks", "--help")):
            with self.subTest(arguments):
                self.assertEqual(self.dev(*arguments), shown)

    def test_what_there_is_not_is_refused_in_one_line(self):
        self.assertRefuses("'tset'; see ./dev help", "tset")
        self.assertRefuses("needs a name: release", "test", "--preset")
        self.assertRefuses("no preset 'fast'; there is: release", "test", "--preset", "fast")
        self.assertRefuses("no preset ''", "test", "--preset=")
        self.assertRefuses("unknown option --quick", "test", "--quick")
        self.assertRefuses("build takes no names; it got: mutex", "build", "mutex")
        self.assertRefuses("setup takes no arguments; it got: now", "setup", "now")
        self.assertRefuses("unknown argument all", "format", "all")

    def test_clean_removes_what_was_built_and_nothing_when_it_is_misunderstood(self):
        (self.folder / "build" / "release").mkdir(parents=True)
        self.assertRefuses("clean takes no arguments; it got: release", "clean", "release")
        self.assertTrue((self.folder / "build").exists())
        self.assertEqual(self.dev("clean"), (0, "", ""))
        self.assertFalse((self.folder / "build").exists())


class Tests(Made):
    def built_and_run(self):
        return re.findall(r"^cmake --build build/(\S+) -j \d+ (?:--target (.*) )?-- -k 0$", self.log(), re.M)

    def test_all_under_three_presets(self):
        code, out, _ = self.dev("test")
        self.assertEqual((code, out.splitlines()[-1]), (0, "12 passed, 0 failed"))
        self.assertEqual(self.built_and_run(), [("release", ""), ("asan", ""), ("tsan", "")])
        self.assertEqual(re.findall(r"^ctest --preset (\S+)", self.log(), re.M), ["release", "asan", "tsan"])

    def test_a_name_builds_only_what_it_needs(self):
        folder = ["hazard.errno", "hazard.wake"]
        for name, targets in ("mutex", ["mutex"]), ("hazard", folder), ("hazard.errno", folder[:1]):
            with self.subTest(name):
                (self.folder / "log").unlink(missing_ok=True)
                code, out, _ = self.dev("test", name, "--preset", "release")
                self.assertEqual((code, out.splitlines()[-1]), (0, f"{len(targets)} passed, 0 failed"))
                self.assertEqual(self.built_and_run(), [("release", " ".join("test." + target for target in targets))])

    def test_presets_select(self):
        self.assertEqual(self.dev("test", "mutex", "--preset", "debug", "--preset=tsan")[0], 0)
        self.assertEqual(self.built_and_run(), [("debug", "test.mutex"), ("tsan", "test.mutex")])

    def test_clang_is_the_newest_one(self):
        for version, name in (14, "clang++"), (16, "clang++-16"), (19, "clang++-19"):
            self.program(name, f'echo "Debian clang version {version}.0.6"')
        self.assertEqual(self.dev("test", "mutex", "--preset", "clang")[0], 0)
        self.assertIn("cmake --preset clang -DCMAKE_CXX_COMPILER=clang++-19\n", self.log())

    def test_a_clang_that_is_too_old(self):
        self.program("clang++", 'echo "Debian clang version 14.0.6"')
        for names in [], ["mutex"]:
            with self.subTest(names):
                code, out, err = self.dev("test", *names, "--preset=clang-asan")
                self.assertEqual((code, out.splitlines()[-1]), (1, "0 passed, 1 failed"))
                self.assertRegex(err, r"\Adev: clang\+\+ 16 or newer is not installed; [^\n]*\n\Z")

    def test_a_name_that_there_is_not(self):
        for name in "mutexes", "hazard.", "utex", "hazard_errno":
            with self.subTest(name):
                code, out, err = self.dev("test", name, "--preset=release")
                self.assertEqual((code, out), (1, "0 passed, 0 failed\n"))
                self.assertEqual(err, f"dev: no test is called {name}; they are listed by: ctest --test-dir build/release -N\n")
                self.assertEqual(self.built_and_run(), [])

    def test_what_is_skipped_is_neither_passed_nor_unknown(self):
        code, out, err = self.dev("test", "mutex", "--preset=release", CTEST_MARK="***Skipped")
        self.assertEqual((code, out.splitlines()[-1], err), (0, "0 passed, 0 failed", ""))

    def test_what_failed_is_told_again_at_the_end(self):
        said = ["    Start 1: mutex", "1/3 Test #1: mutex ......   Passed    0.01 sec",
                "    Start 2: hazard.wake", "2/3 Test #2: hazard.wake ......***Failed    0.02 sec", "wake.cpp(7): error: it slept",
                "", "    Start 3: hazards", "3/3 Test #3: hazards ......   Passed    0.01 sec",
                "", "67% tests passed, 1 tests failed out of 3",
                "", "The following tests FAILED:", "\t  2 - hazard.wake (Failed)                  hazard", "Errors while running CTest"]
        self.program("ctest", "cat <<END", *said, "END", "exit 8")
        code, out, _ = self.dev("test", "--preset=release")
        self.assertEqual((code, out.splitlines()[-5:]),
                         (1, ["---- release: hazard.wake failed", *said[3:6], "2 passed, 1 failed"]))

    def test_a_build_that_fails_is_a_failure_and_the_next_preset_has_its_turn(self):
        code, out, _ = self.dev("test", CMAKE_CODE="1")
        self.assertEqual((code, out.splitlines()[-1]), (1, "0 passed, 3 failed"))


class Setup(Made):
    def test_what_is_there_is_left_alone(self):
        self.assertEqual((self.dev("setup"), self.log()), ((0, "what corun needs is installed\n", ""), ""))

    def test_what_is_missing_is_installed(self):
        self.sudo(granted=True)
        self.installed(*BOOST, *PEERS)
        self.assertEqual(self.dev("setup")[0], 0)
        asked = re.search(r"^apt-get .*? install .*?--no-install-recommends (.*)$", self.log(), re.M)[1].split()
        self.assertLessEqual(set(NEEDED), set(asked))
        self.assertLess(self.log().index(" update"), self.log().index(" install"))

    def test_of_boost_the_newest_that_the_system_has(self):
        self.sudo(granted=True)
        self.installed(*NEEDED, *PEERS, "libboost1.74-dev")
        self.assertEqual(self.dev("setup")[0], 0)
        for package in BOOST:
            self.assertIn(f" {package}", self.log())

    def test_a_boost_that_is_installed_and_new_enough_stays(self):
        self.installed(*NEEDED, *PEERS, *(package.replace("1.83", "1.81") for package in BOOST))
        self.assertEqual(self.dev("setup")[0], 0)
        self.assertEqual(self.log(), "")

    def test_no_boost_that_is_new_enough(self):
        self.sudo(granted=True)
        self.installed(*NEEDED, *PEERS)
        self.offers("libboost1.74-dev")
        code, _, err = self.dev("setup")
        self.assertEqual((code, err), (1, "dev: corun needs Boost 1.81 or newer, and this system's packages have none\n"))

    def test_who_may_not_install_is_shown_the_line_that_does(self):
        self.installed(*PEERS)
        for prefix in "su -c", "sudo sh -c":
            with self.subTest(prefix):
                for command in ("setup",), ("test",), ("build",):
                    code, out, err = self.dev(*command)
                    self.assertEqual((code, out), (1, ""))
                    line = re.fullmatch(rf"dev: [^\n]*; run: {prefix} '([^\n']*)'\n", err)
                    self.assertIsNotNone(line, err)
                    self.assertRegex(line[1], "^apt-get update && apt-get install -y ")
                    self.assertLessEqual({*NEEDED, *BOOST}, set(line[1].split()))
                self.assertEqual(self.log(), "")
            self.sudo(granted=False)

    def test_without_lists_of_packages_the_line_runs_it_again(self):
        self.installed()
        self.offers()
        code, _, err = self.dev("setup")
        self.assertEqual((code, err), (1, "dev: packages are missing, and installing them takes root; run: su -c './dev setup'\n"))

    def test_an_installation_that_fails_is_a_failure(self):
        self.sudo(granted=True)
        self.installed(*BOOST, *PEERS)
        self.apt_get(100)
        for command in "setup", "test", "build":
            code, out, _ = self.dev(command)
            self.assertNotEqual(code, 0, command)
            self.assertNotIn("installed", out)
            self.assertNotIn("cmake", self.log())

    def test_peers_that_cannot_be_installed_are_told_and_no_failure(self):
        self.sudo(granted=True)
        self.installed(*NEEDED, *BOOST, *(peer for peer in PEERS if peer != "wrk"))
        self.apt_get(100)
        code, _, err = self.dev("setup")
        self.assertEqual((code, err), (0, "dev: what needs one of these is left out or skipped: wrk\n"))

    def test_another_kind_of_system_is_left_to_cmake(self):
        (self.bin / "apt-get").unlink()
        self.assertEqual(self.dev("build")[0], 0)
        self.assertIn("cmake --build build/release", self.log())


if __name__ == "__main__":
    unittest.main()
