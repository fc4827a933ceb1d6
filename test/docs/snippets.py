#!/usr/bin/env python3
"""Takes the C++ out of Markdown pages, so that the build can compile it.

usage: snippets.py ROOT OUTPUT_FOLDER PAGE...

A fenced block in a page is one of

    ```cpp              a program if it contains `int main`: compiled, linked and run, its exit code must be 0;
                        else a fragment: compiled as the body of a function, after its own #include lines
    ```cpp no-run       a program that is compiled and linked only (a server, say)
    ```cpp namespace    a fragment of declarations: compiled at namespace scope
    ```cpp-fragment     (or `cpp fragment`, or any other language) left alone

A fragment may use `asio`, `tcp`, `std::chrono_literals` and all of corun. What else it needs from its surroundings
becomes parameters of its function by a comment before the block, which readers of the page do not see:

    <!-- given: tcp::socket& peer, std::string name -->

Prints a line `KIND NAME FILE` for each C++ file written: `run` or `no-run` for a program, `fragments` for all fragments
of a page. The compiler's messages name the page and its line.
"""
import pathlib
import re
import sys

PRELUDE = """#include <corun.hpp>
#include <boost/asio.hpp>
#include <array>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;
"""
MARKS = {"", "no-run", "namespace", "fragment"}


class Malformed(Exception):
    pass


class Block:
    def __init__(self, page, line, mark, given):
        self.page, self.line, self.mark, self.given, self.lines = page, line, mark, given, []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def is_program(self):
        return re.search(r"^\s*int main\b", self.text, re.M) is not None

    def source(self, text):
        return f'#line {self.line + 1} "{self.page}"\n{text}'


def blocks_of(page, text):
    """The blocks of C++ in a page; `page` names it in messages."""
    fence, block, given, blocks = None, None, "", []
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.strip() == fence:
                fence = block = None
            elif block:
                block.lines.append(line[indent:] if not line[:indent].strip() else line)
        elif opening := re.match(r"(\s*)(```+|~~~+)\s*(.*?)\s*$", line):
            indent, fence, opened = len(opening[1]), opening[2], number
            language, _, mark = opening[3].partition(" ")
            if language == "cpp":
                if mark not in MARKS:
                    raise Malformed(f"{page}:{number}: a C++ block is marked '{mark}'; it can be "
                                    + ", ".join(sorted(MARKS - {""})) + " or nothing")
                if mark != "fragment":
                    block = Block(page, number, mark, given)
                    blocks.append(block)
            given = ""
        elif comment := re.fullmatch(r"\s*<!--\s*given:\s*(.*?)\s*-->\s*", line):
            given = comment[1]
        elif line.strip():
            given = ""
    if fence:
        raise Malformed(f"{page}:{opened}: this block has no end")
    return blocks


def fragments_source(blocks):
    """One C++ file for the fragments of a page, each in a namespace of its own."""
    includes, bodies = [], []
    for block in blocks:
        lines = []
        for number, line in enumerate(block.lines, block.line + 1):
            is_include = re.match(r"\s*#\s*include\b", line)
            lines.append("" if is_include else line)
            if is_include:
                includes.append(f'#line {number} "{block.page}"\n{line}\n')
        body = block.source("\n".join(lines) + "\n")
        if block.mark != "namespace":
            body = f"[[maybe_unused]] static auto snippet({block.given}) {{\n{body}}}\n"
        bodies.append(f"namespace line_{block.line} {{\n{body}}}\n")
    return "".join(includes) + PRELUDE + "".join(bodies)


def write(path, text):
    """Leaves a file that has not changed alone: it need not be compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main(root, output, *pages):
    root, output = pathlib.Path(root), pathlib.Path(output)
    for page in map(pathlib.Path, pages):
        if not page.exists():
            continue
        shown = page.relative_to(root)
        name = ".".join(shown.with_suffix("").parts)
        blocks = blocks_of(shown, page.read_text(encoding="utf-8"))
        fragments = [block for block in blocks if not block.is_program]
        for block in blocks:
            if block.is_program:
                program, file = f"{name}.line_{block.line}", output / f"{name}.line_{block.line}.cpp"
                write(file, block.source(block.text))
                print("no-run" if block.mark == "no-run" else "run", program, file)
        if fragments:
            write(output / f"{name}.fragments.cpp", fragments_source(fragments))
            print("fragments", f"{name}.fragments", output / f"{name}.fragments.cpp")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Malformed as error:
        sys.exit(str(error))
