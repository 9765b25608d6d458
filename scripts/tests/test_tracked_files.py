"""Paths of a machine and unknown hosts are found; data and relative paths are left alone."""

import unittest

from lint_rules.tracked_files import check_text

HOME = "/" + "home/someone"


class TrackedFilesTests(unittest.TestCase):
    def rules(self, text: str, path: str = "README.md") -> list[tuple[int, str]]:
        return [(finding.line, finding.rule) for finding in check_text(path, text)]

    def test_machine_paths(self):
        self.assertEqual(self.rules(f"x\ncd {HOME}/moca"), [(2, "machine-path")])
        self.assertEqual(self.rules("see ../" + "shared/oracle"), [(1, "machine-path")])
        self.assertEqual(self.rules("$HOME/work/x Sources/root/a /path/to/libtorch /tmp/x"), [])

    def test_hosts(self):
        self.assertEqual(self.rules("http://" + "packages.invalid/x"), [(1, "host")])
        self.assertEqual(self.rules("https://arxiv.org/abs/2506.23115."), [])

    def test_data_is_not_ours(self):
        self.assertEqual(self.rules(HOME, "examples/data/page.txt"), [])
        self.assertEqual(self.rules(HOME, "Tests/Fixtures/a/cases.json"), [])
        self.assertEqual(self.rules(HOME, "Tests/Fixtures/a/MANIFEST.json"), [(1, "machine-path")])
