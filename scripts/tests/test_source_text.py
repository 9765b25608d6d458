"""Blanking keeps code and offsets, and drops every kind of comment and literal."""

import unittest

from lint_rules.source_text import C, SWIFT, argument_count, blank


class BlankTests(unittest.TestCase):
    def assert_blank(self, source: str, expected: str, language: str = SWIFT) -> None:
        result = blank(source, language)
        self.assertEqual(len(result), len(source))
        self.assertEqual(result.split(), expected.split())

    def test_comments(self):
        self.assert_blank("a // try!\nb", "a b")
        self.assert_blank("a /* x /* try! */ y */ b", "a b")
        self.assert_blank("a /* x /* y */ b", "a b", C)

    def test_strings(self):
        self.assert_blank(r'a("try! \" { ", b)', "a( , b)")
        self.assert_blank('a = """\n{ "x" try!\n"""\nb', "a = b")
        self.assert_blank(r'a = #"\" { "# + b', "a = + b")
        self.assert_blank(r'a = "x \(f("}")) {" + b', "a = + b")

    def test_regex_and_division(self):
        self.assert_blank('a.split(/"{/) + b', "a.split( ) + b")
        self.assert_blank("a / b / c", "a / b / c")

    def test_c_literals(self):
        self.assert_blank("a = '\"' + b", "a = + b", C)
        self.assert_blank('a = R"x(try { )x" + b', "a = + b", C)
        self.assert_blank("a = 1'000'000; b", "a = 1'000'000; b", C)

    def test_keeps_comments_when_asked(self):
        self.assertEqual(blank('"x" // TODO', SWIFT, keep_comments=True), "    // TODO")


class ArgumentCountTests(unittest.TestCase):
    def test_counts_top_level_commas(self):
        for text, count in [("", 0), ("void", 0), ("_ a: Int", 1), ("a: [K: (V, W)], b: Set<C>", 2),
                            ("_ body: (A, B) -> C, d: D", 2)]:
            self.assertEqual(argument_count(text), count, text)
