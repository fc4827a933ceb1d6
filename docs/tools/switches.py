#!/usr/bin/env python3
"""Lists where a program's fibers may switch, and proves where they cannot.

usage: switches.py [--build FOLDER] [--compiler g++] SOURCE... [-- COMPILER'S FLAGS]

SOURCE...  all source files of the program, as C++ files
--build    a folder with compile_commands.json, for the flags of each; else the flags behind `--` and corun's headers beside this file

Prints every expression that may switch, then each destructor, noexcept function and corun::no_yield scope of the program that can
reach one, with the chain of calls that does, then the holes: calls through pointers and virtual functions, and functions whose body is
in none of the sources. What passes through a hole is not known. Exit code: 0 nothing reaches a yield, 1 something does, 2 it could not be looked at.

It sees the program as g++ -O0 does. Functions of the system's headers without a body (the C and C++ libraries') are trusted not to call
back, and corun's not to switch but in corun::yield. Code that no source instantiates is not there.
"""
import argparse
import collections
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import call_graph

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
# corun::yield in its forms, and what they are made of.
SWITCH = re.compile(r"_ZNK5corun7yield_tcl|_ZN5corun6detail(?:5await|16await_initiation|15await_coroutine|11enter_yield|14enter_shielded|"
                    r"8give_way|4park|10take_turns|11switch_away)[IER]|_ZN5boost4asio12async_resultIN5corun(?:7yield_tE|11yield_tokenE)")


GUARD = re.compile(r"_ZN5corun8no_yieldC[12]")  # its constructor


class Program:
    def __init__(self, graph, foreign):
        self.graph, self.foreign = graph, foreign
        self.functions = graph.functions

    def is_own(self, name):
        function = self.functions.get(name)
        return function is not None and function.place != "" and not self.is_foreign(function.file)

    def is_foreign(self, file):
        return file.startswith("<") or any(pathlib.Path(file).resolve().is_relative_to(folder) for folder in self.foreign)

    def switch_points(self):
        """(place, function) of each expression of the program that switches, not by way of another function of the program."""
        reaching = self.reaching_without_own(SWITCH)
        found = {(call.place, name) for name, function in self.functions.items() if self.is_own(name)
                 for call in function.calls if call.callee in reaching}
        return sorted(found, key=lambda each: in_order(each[0]))

    def guards_elsewhere(self):
        """{(place, what): function} of each corun::no_yield that is a member, or in an optional: what it guards is not known."""
        reaching = self.reaching_without_own(GUARD)
        return {(call.place, "a corun::no_yield that is no variable of a block: what it guards"): name
                for name, function in self.functions.items() if self.is_own(name) for call in function.calls
                if call.callee in reaching and not (GUARD.match(call.callee) and function.scopes)}

    def reaching_without_own(self, target):
        callers = collections.defaultdict(set)
        for name, function in self.functions.items():
            if not self.is_own(name):
                for call in function.calls:
                    callers[call.callee].add(name)
        reaching = {name for name in self.functions if target.match(name)}
        waiting = list(reaching)
        while waiting:
            for caller in callers[waiting.pop()] - reaching:
                reaching.add(caller)
                waiting.append(caller)
        return reaching

    def roots(self):
        """(kind, place, function, calls) of everything that must not switch."""
        for name, function in sorted(self.functions.items(), key=lambda item: in_order(item[1].place)):
            if not function.has_body or not self.is_own(name):
                continue
            if function.is_destructor:
                yield "destructor", function.place, name, function.calls
            elif function.is_noexcept:
                yield "noexcept function", function.place, name, function.calls
            for scope in function.scopes:
                yield "no_yield scope", scope.place, name, scope.calls

    def search(self, root, calls):
        """Breadth first: the shortest chain [(function, call)] to a switch or None, and the holes on the way: {(place, what): function}."""
        parent, waiting, holes = {root: None}, collections.deque([(root, calls)]), {}
        while waiting:
            name, outgoing = waiting.popleft()
            for call in outgoing:
                if SWITCH.match(call.callee):
                    return self.chain(parent, name, call), {}
                if what := self.hole(name, call.callee):
                    place_and_what, own = self.seen_from_program(parent, name, call, what)
                    holes.setdefault(place_and_what, own)
                elif call.callee not in parent and call.callee in self.functions:
                    parent[call.callee] = (name, call)
                    waiting.append((call.callee, self.functions[call.callee].calls))
        return None, holes

    @staticmethod
    def chain(parent, name, call):
        links = [(name, call)]
        while parent[name] is not None:
            name, call = parent[name]
            links.append((name, call))
        return links[::-1]

    def hole(self, caller, callee):
        if callee == call_graph.INDIRECT:
            return None if caller_is_corun(caller) else "a call through a pointer or a virtual function"
        function = self.functions.get(callee)
        if function is None or function.has_body or not function.place or self.is_foreign(function.file):
            return None
        return f"{self.graph.readable[callee]} has no body here"

    def seen_from_program(self, parent, name, call, what):
        """A hole inside of a library is shown where the program calls that: ((place, what), function)."""
        links = self.chain(parent, name, call)
        own, at = next(((n, c) for n, c in reversed(links) if self.is_own(n)), links[0])
        if own != name:
            what = f"{what}, inside of {self.graph.readable[at.callee]}"
        return (at.place, what), own


def caller_is_corun(name):
    return re.match(r"_ZNK?5corun", call_graph.symbol_of(name)) is not None


def in_order(place):
    file, line, column = (place.rsplit(":", 2) + ["0", "0"])[:3]
    return file, int(line or 0), int(column or 0)


def short(place):
    """FILE:LINE, the file from the current folder."""
    file, line = place.rsplit(":", 2)[:2] if place.count(":") > 1 else (place, "?")
    path = pathlib.Path(file)
    if path.is_absolute() and path.is_relative_to(pathlib.Path.cwd()):
        path = path.relative_to(pathlib.Path.cwd())
    return f"{path}:{line}"


def report(program):
    """Prints it; returns whether something that must not reaches a switch."""
    readable = program.graph.readable
    points = program.switch_points()
    print(f"{counted(len(points), 'switch point')}:")
    for place, name in points:
        print(f"  {short(place)}: in {readable[name]}")
    checked, bad, holes = collections.Counter(), [], program.guards_elsewhere()
    for kind, place, name, calls in program.roots():
        checked[kind] += 1
        chain, found = program.search(name, calls)
        if chain:
            bad.append((kind, place, name, chain))
        for place_and_what, function in found.items():
            holes.setdefault(place_and_what, function)
    print("checked: " + ", ".join(counted(checked[kind], kind) for kind in ("destructor", "noexcept function", "no_yield scope")))
    for kind, place, name, chain in bad:
        print(f"{short(place)}: the {kind} {'in ' if kind == 'no_yield scope' else ''}{readable[name]} can reach a yield:")
        for caller, call in chain:
            switches = SWITCH.match(call.callee)
            print(f"  {short(call.place or program.functions[caller].place)}: {readable[caller]} "
                  f"{'switches' if switches else 'calls ' + readable[call.callee]}")
    print(f"{counted(len(bad), 'can', 'can')} reach a yield; " +
          (f"{counted(len(holes), 'hole')}, through which the others may:" if holes else "the others cannot"))
    for (place, what), name in sorted(holes.items(), key=lambda item: in_order(item[0][0])):
        print(f"  {short(place)}: in {readable[name]}: {what}")
    return bool(bad)


def counted(number, singular, plural=None):
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def give_up(why):
    print(f"switches.py: {why}", file=sys.stderr)
    raise SystemExit(2)


def flags_of(source, build):
    """What compile_commands.json has for a source, without what belongs to its output."""
    file = pathlib.Path(build) / "compile_commands.json"
    if not file.is_file():
        give_up(f"there is no {file}; CMake writes it with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    commands = json.loads(file.read_text())
    for entry in commands:
        if (pathlib.Path(entry["directory"]) / entry["file"]).resolve() == pathlib.Path(source).resolve():
            words = entry.get("arguments") or shlex.split(entry["command"])
            text = " ".join(shlex.quote(word) for word in words[1:])
            text = re.sub(r"-(?:o|MT|MF|include) \S+|-(?:c|MD|MMD|Winvalid-pch|O\w*|g\w*)(?= |$)", "", text)
            directory = entry["directory"]
            kept = [word for word in shlex.split(text) if pathlib.Path(word).name not in (pathlib.Path(source).name, "g++", "c++", "clang++")]
            return [re.sub(r"^-I(?!/)", f"-I{directory}/", word) for word in kept]
    return give_up(f"{build}/compile_commands.json does not know {source}")


def system_folders(flags):
    """Whose headers are not the program's own, an installed corun's for example: `-isystem FOLDER`, in one word or two."""
    words = iter(flags)
    return [pathlib.Path(word.removeprefix("-isystem") or next(words, "")).resolve() for word in words if word.startswith("-isystem")]


def main(arguments):
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own, flags = arguments[:end], arguments[end + 1:]
    parser = argparse.ArgumentParser(prog="switches.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("sources", nargs="+", metavar="SOURCE")
    options = parser.parse_args(own)
    if not call_graph.is_known_to(options.compiler):
        parser.error(f"{options.compiler} is not there, or does not write call graphs (-fcallgraph-info) as g++ 10 and newer do")
    graph = call_graph.CallGraph()
    usual = ["-std=c++20", *([f"-I{INCLUDE}"] if INCLUDE.is_dir() and not options.build else [])]
    foreign = [INCLUDE, pathlib.Path("/usr"), *system_folders(flags)]
    with tempfile.TemporaryDirectory(prefix="corun-switches-") as folder:
        for source in options.sources:
            if not pathlib.Path(source).is_file():
                parser.error(f"there is no source file {source}")
            given = flags_of(source, options.build) if options.build else []
            foreign += system_folders(given)
            try:
                graph.add_source(options.compiler, source, [*usual, *given, *flags], pathlib.Path(folder))
            except subprocess.CalledProcessError as failure:
                print(f"switches.py: {source} does not compile: {shlex.join(map(str, failure.cmd))}", file=sys.stderr)
                return 2
    graph.finish()
    return 1 if report(Program(graph, foreign)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
