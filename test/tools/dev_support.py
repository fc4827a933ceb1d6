"""What the tests of ./dev share: a system that is made up. What is installed, who may install, and what cmake and ctest say, are the
test's own."""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
SYSTEM = "bash cat dirname env grep head mkdir nproc rm sed sort tail tee true".split()
TOOLS = "g++ ninja pkg-config curl".split()
NEEDED = "libbenchmark-dev python3-gevent valgrind".split()
BOOST = ["libboost1.83-dev", "libboost1.83-tools-dev",
         *(f"libboost-{part}1.83-dev" for part in ("context", "fiber", "program-options", "test"))]
PEERS = ("binutils catch2 gdb golang-go libgtest-dev libpq-dev libssl-dev liburing-dev nginx-light nodejs openssl postgresql "
         "strace systemtap-sdt-dev wrk").split()
TESTS = "mutex hazard.errno hazard.wake hazards".split()


class Made(unittest.TestCase):
    """A copy of ./dev, and around it a PATH in which nothing is the real system's but harmless tools."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        shutil.copy(ROOT / "dev", self.folder)
        for tool in SYSTEM:
            (self.bin / tool).symlink_to(shutil.which(tool))
        for tool in TOOLS:
            self.program(tool, "exit 0")
        self.program("cmake", 'echo "cmake $*" >>log', "exit ${CMAKE_CODE-0}")
        self.program("ctest", 'case " $* " in *" -N "*) ;; *) echo "ctest $*" >>log ;; esac',
                     'while [ "$1" != -R ]; do shift; done', f'n=0; for test in {" ".join(TESTS)}; do',
                     '  echo "$test" | grep -qE "$2" || continue', "  n=$((n + 1))",
                     '  echo "  Test #$n: $test"', '  echo "$n/9 Test #$n: $test .....${CTEST_MARK-   Passed}  0.01 sec"', "done",
                     '[ $n = 0 ] || echo "100% tests passed, 0 tests failed out of $n"')
        self.installed(*NEEDED, *BOOST, *PEERS)
        self.offers("libboost1.74-dev", "libboost1.81-dev", "libboost1.83-dev", "libboost1.9-dev")
        self.apt_get()

    def program(self, name, *lines):
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text("\n".join(["#!/bin/sh", *lines, ""]))
        (self.bin / name).chmod(0o755)

    def installed(self, *packages):
        self.program("dpkg-query", *(f"echo installed {package}" for package in packages), "echo not-installed wrk-doc")

    def offers(self, *packages):
        self.program("apt-cache", *(f'echo "{package} - development files"' for package in packages))

    def apt_get(self, code=0):
        self.program("apt-get", 'echo "apt-get $*" >>log', f'case "$*" in *install*) exit {code} ;; esac')

    def sudo(self, granted):
        self.program("sudo", '[ "$1" != -n ] || shift', 'exec "$@"' if granted else "exit 1")

    def dev(self, *arguments, **environment):
        """(status, stdout, stderr) of ./dev for somebody who is not root."""
        for path in (self.folder, *self.folder.rglob("*")):
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o666 | (0o111 if path.is_dir() else 0))
        nobody = dict(user=65534, group=65534, extra_groups=[]) if os.geteuid() == 0 else {}
        ended = subprocess.run(["bash", "dev", *arguments], cwd=self.folder, text=True, capture_output=True, timeout=60,
                               env={"PATH": str(self.bin), **environment}, **nobody)
        return ended.returncode, ended.stdout, ended.stderr

    def log(self):
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    def assertRefuses(self, message, *arguments):
        with self.subTest(arguments):
            code, out, err = self.dev(*arguments)
            self.assertEqual((code, out), (1, ""))
            self.assertRegex(err, rf"\Adev: [^\n]*{message}[^\n]*\n\Z")
            self.assertEqual(self.log(), "")
