#!/usr/bin/env python3
"""Runs the shell sessions that Markdown pages show, and compares what comes out with what the page says.

usage: transcripts.py [--write] [--only WORD] PAGE...    WORD: only the sessions whose commands contain it

A block of language `console` is a session of bash in an empty folder, with the example programs (CORUN_EXAMPLES) in the PATH:

    ```console
    $ stuck joins
    corun: deadlock: …
    ```

- A line `$ COMMAND` is run; the lines up to the next prompt are its output, of stdout and stderr. `COMMAND &` goes on running: what
  it writes shows below the command after which it appears, and is waited for.
- `$ gdb …` may be followed by lines `(gdb) COMMAND`. gdb has the fibers' commands then.
- A line `…` stands for any lines, `…` within a line for any text. Addresses, durations, depths of stacks and recursions, and folders
  before a source file differ from run to run and are not compared; of nothing else may a word differ.

--write puts the real output into each block that differs; then cut what is too long for a reader by `…`.
Sessions that need a program which is not installed are skipped, with a line that says so.
"""
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LONGEST = 60.0  # seconds until output that must come is given up
SILENCE = 2.0  # seconds after which --write takes it that a program in the background has said all
MARK = "end-of-output"
GDB_SCRIPT = pathlib.Path(__file__).parents[2] / "lib" / "gdb" / "corun-gdb.py"
PROLOGUE = f"""exec 2>&1
gdb() {{ command gdb -q -nx -ex 'set debuginfod enabled off' -ex 'set width 0' -ex 'source {GDB_SCRIPT}' "$@"; }}
./dev() {{ (cd {GDB_SCRIPT.parents[2]} && command ./dev "$@"); }}
"""
VARYING = [
    (r"\S*/(?=[\w.-]+\.[ch]pp\b)", ""),
    (r"0x[0-9a-f]+", "ADDRESS"),
    (r"\) \[(?=ADDRESS\]$)", ")["),  # a frame, as newer glibc writes it
    (r"\b\d+(\.\d+)? ?(ns|us|µs|ms|s)\b", "DURATION"),
    (r"\bms left: \d+", "ms left: N"),
    (r"^  \.\.\. \d+ times$", "  ... N times"),  # how deep a stack of a size goes
    (r"\bstack \d+ of\b", "stack N of"),
    (r"^ +\d+(?=( +\d+){3}  )", "DEPTH"),
    (r"[ \t]+$", ""),
]


class Step:
    """One command of a session, and what the page says that comes of it."""

    def __init__(self, line, prompt, command):
        self.line, self.prompt, self.command, self.output = line, prompt, command, []


def sessions_of(text):
    """(line, steps) of each block of language console."""
    found, steps = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if steps is None:
            if line.strip() == "```console":
                steps = []
                found.append((number, steps))
        elif line.strip() == "```":
            steps = None
        elif prompt := re.match(r"(\$|\(gdb\)) (.*)", line):
            steps.append(Step(number, *prompt.groups()))
        else:
            steps[-1].output.append(line)
    return found


def normal(text):
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text, flags=re.M)
    return text.strip("\n")


def pattern_of(lines):
    """A regular expression for the output that a page shows."""
    parts = []
    for line in normal("\n".join(lines)).split("\n"):
        parts.append(r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n")
    return re.compile("".join(parts))


def fits(lines, output):
    return pattern_of(lines).fullmatch(normal(output) + "\n") is not None or not (lines or normal(output))


class Shell:
    """A bash that is told its commands one by one."""

    def __init__(self, folder):
        environment = dict(os.environ, PATH=os.environ["CORUN_EXAMPLES"] + os.pathsep + os.environ["PATH"], LC_ALL="C.UTF-8")
        self.process = subprocess.Popen(["bash", "--norc"], cwd=folder, env=environment, start_new_session=True, bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.process.stdin.write(PROLOGUE.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def read(self, longest):
        """What has come, after waiting for something; nothing if nothing came in time."""
        if not select.select([self.process.stdout], [], [], longest)[0]:
            return ""
        return os.read(self.process.stdout.fileno(), 1 << 16).decode(errors="replace")

    def run(self, step, in_background, patience):
        """What a command writes: until it has ended or, where programs run in the background, until they have written what they
        should or nothing for so many seconds."""
        self.process.stdin.write(f"{step.command}\necho {MARK}\n".encode())
        output, give_up = "", time.monotonic() + LONGEST
        while MARK not in output or (in_background and not fits(step.output, readable(output))):
            more = self.read(patience if MARK in output else max(0.0, give_up - time.monotonic()))
            if not more:
                break
            output += more
        return readable(output)


def readable(output):
    """Without the marks of this script, and with what an interactive bash says of a crash."""
    output = re.sub(rf"{MARK}\n?", "", output).replace("(gdb) ", "")
    return re.sub(r"^bash: line \d+: +\d+ (Segmentation fault|Aborted|Killed|Terminated).*$", r"\1", output, flags=re.M)


def missing(steps):
    """A program of a session that may not be installed, and is not."""
    commands = " ".join(step.command for step in steps)
    return next((tool for tool in ("curl", "gdb") if re.search(rf"\b{tool}\b", commands) and not shutil.which(tool)), None)


def play(steps, writes):
    """Runs a session; gives the real output of each step, as far as it came."""
    outputs, in_background = [], False
    with tempfile.TemporaryDirectory() as folder, Shell(folder) as shell:
        for step in steps:
            in_background |= step.command.rstrip().endswith("&")
            outputs.append(shell.run(step, in_background, SILENCE if writes else LONGEST))
            if not writes and not fits(step.output, outputs[-1]):
                break  # what follows would only differ, too
    return outputs


def shown(output):
    """As a page may show it: source files without their folders."""
    return re.sub(VARYING[0][0], "", output).strip("\n").split("\n") if output.strip() else []


def main(arguments):
    if "CORUN_EXAMPLES" not in os.environ:
        return "transcripts.py: CORUN_EXAMPLES must name the folder of the built example programs"
    writes = "--write" in arguments
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    pages = [pathlib.Path(a) for a in arguments if a.endswith(".md")]
    played = different = 0
    for page in pages:
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, steps in reversed(sessions_of("\n".join(lines))):
            if not any(only in step.command for step in steps):
                continue
            if lost := missing(steps):
                print(f"SKIPPED: {page.name}:{number}: {lost} is not installed")
                continue
            outputs = play(steps, writes)
            if any("ptrace: Operation not permitted" in output for output in outputs):
                print(f"SKIPPED: {page.name}:{number}: this system does not let gdb attach to a process")
                continue
            played += 1
            for step, output in reversed(list(zip(steps, outputs))):
                if fits(step.output, output):
                    continue
                different += 1
                if writes:
                    lines[step.line:step.line + len(step.output)] = shown(output)
                else:
                    print(f"{page}:{step.line}: `{step.command}` writes something else:", *shown(output), sep="\n    ")
        if writes:
            page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{played} sessions played, {different} differ" + (" and were rewritten" if writes and different else ""))
    return 1 if (different and not writes) or not played else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
