"""Tests of snippets.py."""
import pathlib
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO

import snippets


def blocks(text):
    return snippets.blocks_of("page.md", text)


class Blocks(unittest.TestCase):
    def test_a_block_knows_its_line_and_its_text(self):
        (block,) = blocks("# title\n\n```cpp\nint x;\n```\n")
        self.assertEqual((block.line, block.text, block.is_program), (3, "int x;\n", False))

    def test_main_makes_a_program(self):
        (block,) = blocks("```cpp no-run\nint main() {}\n```\n")
        self.assertTrue(block.is_program)
        self.assertEqual(block.mark, "no-run")

    def test_other_languages_and_fragments_are_left_alone(self):
        self.assertEqual(blocks("```sh\nls\n```\n```cpp-fragment\n...\n```\n```cpp fragment\n...\n```\n```\nx\n```\n"), [])

    def test_a_comment_gives_parameters_to_the_next_block_only(self):
        first, second = blocks("<!-- given: int a -->\n\n```cpp\na;\n```\n```cpp\nb;\n```\n")
        self.assertEqual((first.given, second.given), ("int a", ""))

    def test_a_block_in_a_list_loses_its_indentation(self):
        (block,) = blocks("- so:\n  ```cpp\n  if (x)\n    f();\n  ```\n")
        self.assertEqual(block.text, "if (x)\n  f();\n")

    def test_mistakes_name_the_page_and_the_line(self):
        with self.assertRaisesRegex(snippets.Malformed, r"page\.md:2: .*'norun'"):
            blocks("\n```cpp norun\n```\n")
        with self.assertRaisesRegex(snippets.Malformed, r"page\.md:3: .*no end"):
            blocks("\n\n```cpp\nint x;\n")


class Sources(unittest.TestCase):
    def test_fragments_keep_their_lines_and_their_includes_come_first(self):
        source = snippets.fragments_source(blocks("```cpp\n#include <map>\nstd::map<int, int> m;\n```\n"))
        self.assertTrue(source.startswith('#line 2 "page.md"\n#include <map>\n'))
        self.assertIn('static auto snippet() {\n#line 2 "page.md"\n\nstd::map<int, int> m;\n}', source)

    def test_a_folder_of_pages(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            page = root / "docs" / "guide.md"
            page.write_text("```cpp\nint main() {}\n```\n```cpp\nint x = 1;\n```\n")
            output = StringIO()
            with redirect_stdout(output):
                snippets.main(root, root, page, root / "missing.md")
            self.assertEqual(output.getvalue(), f"run docs.guide.line_1 {root}/docs.guide.line_1.cpp\n"
                             f"fragments docs.guide.fragments {root}/docs.guide.fragments.cpp\n")


if __name__ == "__main__":
    unittest.main()
