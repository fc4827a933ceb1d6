"""docs/tools/switches.py on small programs of which it is known what reaches a yield."""
import functools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAMS = pathlib.Path(__file__).parent / "switches"
BAD = PROGRAMS / "bad.cpp"


@functools.cache
def check(*sources):
    """Exit code and output, the places without their folders."""
    ended = subprocess.run([sys.executable, "-B", ROOT / "docs/tools/switches.py", *(s if s.startswith("-") else PROGRAMS / s for s in sources)],
                           capture_output=True, text=True, timeout=200)
    return ended.returncode, re.sub(r"\S*/(?=\w+\.cpp)", "", ended.stdout) + ended.stderr


def line_of(text, occurrence=1):
    return [n for n, line in enumerate(BAD.read_text().splitlines(), 1) if text in line][occurrence - 1]


@unittest.skipUnless(shutil.which("g++") and shutil.which("c++filt"), "g++ is not installed")
class Switches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.code, cls.text = check("bad.cpp")

    def found(self, *lines):
        self.assertIn("\n".join(lines) + "\n", self.text)

    def test_switch_points_are_the_expressions_that_spell_yield(self):
        lines = [n for n, line in enumerate(BAD.read_text().splitlines(), 1) if "corun::yield" in line]
        listed = re.findall(r"^  bad\.cpp:(\d+): in ", self.text.split("checked:")[0], re.M)
        self.assertEqual(sorted(map(int, listed)), lines)

    def test_what_must_not_switch_and_does_is_counted(self):
        self.assertEqual(self.code, 1)
        self.assertIn("checked: 2 destructors, 2 noexcept functions, 1 no_yield scope\n", self.text)
        self.assertIn("\n5 can reach a yield; the others cannot\n", self.text)

    def chain_from_flush(self):
        return (f"  bad.cpp:{line_of('void flush')}: (anonymous namespace)::flush() calls (anonymous namespace)::write_log(int)",
                f"  bad.cpp:{line_of('void write_log')}: (anonymous namespace)::write_log(int) switches")

    def test_a_destructor_with_its_chain(self):
        at = line_of("~file()")
        self.found(f"bad.cpp:{at}: the destructor file::~file() can reach a yield:",
                   f"  bad.cpp:{at}: file::~file() calls (anonymous namespace)::flush()", *self.chain_from_flush())

    def test_a_destructor_of_the_compilers(self):
        self.found(f"bad.cpp:{line_of('struct holder')}: the destructor holder::~holder() can reach a yield:")

    def test_a_noexcept_function_with_its_chain(self):
        at = line_of("void hurry")
        self.found(f"bad.cpp:{at}: the noexcept function hurry() can reach a yield:",
                   f"  bad.cpp:{at}: hurry() calls (anonymous namespace)::flush()", *self.chain_from_flush())

    def test_a_completion_token_in_a_noexcept_function(self):
        self.assertRegex(self.text, rf"bad\.cpp:{line_of('void read')}: the noexcept function read\(.* can reach a yield:")

    def test_a_scope_is_what_lies_between_the_guard_and_its_end(self):
        self.found(f"bad.cpp:{line_of('both_or_none')}: the no_yield scope in transfer() can reach a yield:",
                   f"  bad.cpp:{line_of('flush();', 4)}: transfer() calls (anonymous namespace)::flush()", *self.chain_from_flush())

    def test_a_program_that_keeps_its_word_has_neither_findings_nor_holes(self):
        code, text = check("good.cpp")
        self.assertEqual(code, 0, text)
        self.assertIn("checked: 1 destructor, 1 noexcept function, 1 no_yield scope\n0 can reach a yield; the others cannot\n", text)

    def test_calls_whose_target_is_not_known_are_holes(self):
        code, text = check("holes.cpp")
        self.assertEqual(code, 0, text)
        self.assertIn("0 can reach a yield; 5 holes, through which the others may:\n", text)
        self.assertRegex(text, r"in by_pointer\(.*\): a call through a pointer or a virtual function\n")
        self.assertRegex(text, r"in by_virtual\(.*\): a call through a pointer or a virtual function\n")
        self.assertRegex(text, r"in by_function\(.*\): a call through a pointer .*, inside of std::function<void \(\)>::operator\(\)\(\) const\n")
        self.assertRegex(text, r"in by_name\(\): somewhere_else\(\) has no body here\n")

    def test_what_is_marked_is_found_and_nothing_else(self):
        lines = (PROGRAMS / "marked.cpp").read_text().splitlines()
        marked = {mark: [n for n, line in enumerate(lines, 1) if line.endswith(f"// {mark}")] for mark in ("found", "hole")}
        _, text = check("marked.cpp")
        before, holes = text.split(" can reach a yield; ")
        self.assertEqual(sorted(map(int, re.findall(r"^marked\.cpp:(\d+): the .* can reach a yield:$", before, re.M))), marked["found"])
        self.assertEqual(sorted({int(n) for n in re.findall(r"^  marked\.cpp:(\d+): in ", holes, re.M)}), marked["hole"])

    def test_a_lambdas_destructor_is_not_called_by_the_name_of_what_is_around_it(self):
        _, text = check("holes.cpp")
        self.assertIn("in captures(std::function<void ()> const&)::{lambda()#1}::~{lambda}(): a call through a pointer", text)

    def test_bodies_of_other_sources_count(self):
        code, text = check("holes.cpp", "elsewhere.cpp")
        self.assertEqual(code, 1, text)
        self.assertIn("the noexcept function by_name() can reach a yield:\n", text)
        self.assertIn("1 can reach a yield; 4 holes", text)

    def test_an_installed_corun_that_compile_commands_name_is_no_part_of_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "include", pathlib.Path(folder) / "include")
            command = f"c++ -O2 -isystem {folder}/include -std=c++20 -o good.o -c {PROGRAMS / 'good.cpp'}"
            entry = {"directory": folder, "command": command, "file": str(PROGRAMS / "good.cpp")}
            (pathlib.Path(folder) / "compile_commands.json").write_text(json.dumps([entry]))
            self.assertEqual(check("good.cpp", f"--build={folder}"), check("good.cpp"))

    def test_what_is_not_there_or_does_not_compile_is_an_error(self):
        code, text = check("nowhere.cpp")
        self.assertEqual(code, 2)
        self.assertIn("there is no source file", text)
        code, text = check("good.cpp", "--compiler=clang-without-a-call-graph")
        self.assertEqual(code, 2)
        self.assertIn("is not there, or does not write call graphs", text)
        code, text = check("good.cpp", "--build=/nowhere")
        self.assertEqual(code, 2)
        self.assertIn("there is no /nowhere/compile_commands.json", text)


if __name__ == "__main__":
    unittest.main()
