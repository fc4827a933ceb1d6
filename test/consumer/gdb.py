"""usage: gdb.py PROGRAM PREFIX COMPILER BOOST_FOLDER

gdb loads the fibers' commands by itself for a program that uses an installed corun, live and on a core file; with the static library and,
linked again, with a shared one."""
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

PROGRAM, PREFIX, COMPILER, BOOST = sys.argv[1:]


def gdb(*arguments):
    trusted = [word for place in (PREFIX, pathlib.Path(PROGRAM).parent, tempfile.gettempdir())
               for word in ("-iex", f"add-auto-load-safe-path {place}")]
    ended = subprocess.run(["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", *trusted, *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
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


def check(program, folder):
    commands = ("-ex", "info corun-fibers", "-ex", "corun-fiber apply all bt")
    expected = ("'main' running at ", "'waiter' waiting in ", "wait_operation", "enter_fiber")
    expect(gdb("-ex", "run", *commands, "--args", program, "abort"), *expected)
    subprocess.run([program, "abort"], cwd=folder, stderr=subprocess.DEVNULL, check=False,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, [resource.RLIM_INFINITY] * 2))
    cores = list(pathlib.Path(folder).glob("core*"))
    if cores:
        expect(gdb(*commands, program, str(cores[0])), *expected)
        cores[0].unlink()
    else:
        print("this system puts core files elsewhere (core_pattern): gdb was not tested on one")


def shared(folder):
    """The same program with a shared library, made of the static one, which is position-independent; None where there is none."""
    archive = next(pathlib.Path(PREFIX).rglob("libcorun.a"), None)
    main = next(pathlib.Path(PROGRAM).parent.rglob("main.cpp.o"), None)
    if archive is None or main is None:
        return None
    library, program = f"{folder}/libcorun.so", f"{folder}/consumer"
    boost = [f"-L{BOOST}", "-lboost_context", f"-Wl,-rpath,{BOOST}"]
    subprocess.run([COMPILER, "-shared", "-o", library, "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", *boost, "-pthread"],
                   check=True)
    subprocess.run([COMPILER, "-o", program, main, library, f"-Wl,-rpath,{folder}", *boost, "-pthread"], check=True)
    return program


with tempfile.TemporaryDirectory() as folder:
    check(PROGRAM, folder)
    if program := shared(folder):
        check(program, folder)
