"""Fragments and odd words are found in doc comments and texts, and nowhere else."""

import unittest

from lint_rules.language import check_file


def findings(text: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.what) for finding in check_file("Sources/NN/A.swift", text)]


class LanguageTests(unittest.TestCase):
    def test_fragments(self):
        for word in ["Of", "Told", "Asked", "The same"]:
            self.assertIn((2, f'a doc comment begins with "{word}"'),
                          findings(f"\n/// {word} a step.\nlet a = 1\n"))
        self.assertEqual(findings("/// The samples of a step.\n/// Of no use here.\nlet a = 1\n"), [])
        self.assertEqual(findings("/// Offsets of rows.\nlet a = 1\n"), [])
        self.assertEqual(findings("// Of an ordinary comment.\nlet a = 1\n"), [])

    def test_words_in_doc_comments(self):
        self.assertEqual(findings("/// A yardstick for speed.\nlet a = 1\n"),
                         [(1, 'a doc comment says "yardstick"')])
        self.assertEqual(findings("/// A list\n/// that is asked for.\nlet a = 1\n"),
                         [(2, 'a doc comment says "asked"')])

    def test_words_in_texts(self):
        self.assertEqual(findings('let a = 1\nlet b = "it takes so many rows"\n'),
                         [(2, 'a text says "so many"')])
        self.assertEqual(findings("let asked = told\n"), [])


if __name__ == "__main__":
    unittest.main()
