"""usage: gdb.py PROGRAM PREFIX: gdb loads the fibers' commands by itself for a program that uses an installed corun, live and on a core file."""
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

PROGRAM, PREFIX = sys.argv[1:]


def gdb(*arguments):
    ended = subprocess.run(["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-iex", f"add-auto-load-safe-path {PREFIX}",
                            "-iex", f"add-auto-load-safe-path {pathlib.Path(PROGRAM).parent}",
                            *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return ended.stdout + ended.stderr


def expect(text, *parts):
    for part in parts:
        if part not in text:
            raise SystemExit(f"gdb.py: there is no {part!r} in:\n{text}")


if not shutil.which("gdb"):
    print("SKIPPED: gdb is not installed: its loading of corun-gdb.py was not tested")
    sys.exit(77)
shown = gdb("-ex", "run", "-ex", "info corun-fibers", "--args", PROGRAM, "abort")
if "ptrace" in shown and "not permitted" in shown:
    print("SKIPPED: this system does not let gdb run a process")
    sys.exit(77)
expect(shown, "'main' running at ", "'waiter' waiting in ")
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([PROGRAM, "abort"], cwd=folder, stderr=subprocess.DEVNULL, check=False,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, [resource.RLIM_INFINITY] * 2))
    cores = list(pathlib.Path(folder).glob("core*"))
    if cores:
        expect(gdb("-ex", "info corun-fibers", PROGRAM, str(cores[0])), "'main' running at ", "'waiter' waiting in ")
    else:
        print("this system puts core files elsewhere (core_pattern): gdb was not tested on one")
