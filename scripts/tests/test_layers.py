"""The table is the law: rows above only, nothing undeclared, native headers in one place."""

import unittest

from lint_rules.layers import (Target, check_imports, check_manifest, check_products, parse_package,
                               parse_table)

TABLE = """
| target | its one sentence | may import | external |
|---|---|---|---|
| `CTorch` | C | - | libtorch |
| `Core` | words | - | - |
| `Torch` | tensors | CTorch, Core | - |
| `Model` | models | Core, Torch | swift-log |
| `tool` | commands | all above but CTorch | - |
"""
ROWS, _ = parse_table(TABLE)
NAMES = {"CTorch", "Core", "Torch", "Model", "tool"}


def target(name: str, *targets: str, kind: str = "regular", **products: str) -> Target:
    return Target(name, kind, frozenset(targets), products, f"Sources/{name}")


class TableTests(unittest.TestCase):
    def test_reads_rows(self):
        self.assertEqual([row.name for row in ROWS], ["CTorch", "Core", "Torch", "Model", "tool"])
        self.assertEqual(ROWS[2].may_import, {"CTorch", "Core"})
        self.assertEqual(ROWS[4].may_import, {"Core", "Torch", "Model"})
        self.assertEqual(ROWS[3].external, {"swift-log"})

    def test_refuses_rows_below(self):
        _, found = parse_table(TABLE.replace("| `Core` | words | - |", "| `Core` | words | Model |"))
        self.assertEqual([(f.line, f.rule) for f in found], [(5, "table")])

    def test_refuses_no_table(self):
        self.assertEqual([f.rule for f in parse_table("# nothing")[1]], ["table"])


class ProductTests(unittest.TestCase):
    def test_follows_dependencies(self):
        targets = [target("CArrow"), target("Tables", "CArrow"), target("API", "Tables"),
                   target("Core")]
        dump = {"products": [
            {"name": "API", "type": {"library": ["automatic"]}, "targets": ["API"]},
            {"name": "Core", "type": {"library": ["automatic"]}, "targets": ["Core"]},
            {"name": "tool", "type": {"executable": None}, "targets": ["Tables"]}]}
        self.assertEqual([finding.what for finding in check_products(dump, targets)],
                         ["the product API links CArrow"])


class ManifestTests(unittest.TestCase):
    def check(self, *targets: Target, packages: list[str] = [], architecture: str = TABLE):
        manifest = '.target(name: "Core"),\n.target(\n    name: "Torch"\n)'
        found = check_manifest(ROWS, list(targets), manifest, architecture, packages)
        return [(f.path, f.line, f.rule) for f in found if f.is_error]

    def test_grants(self):
        self.assertEqual(self.check(target("Torch", "CTorch"), target("Model", Log="swift-log")), [])

    def test_refusals(self):
        self.assertEqual(self.check(target("Other")), [("Package.swift", 1, "table")])
        self.assertEqual(self.check(target("Torch", "Model"), target("Model")),
                         [("Package.swift", 2, "layers")])
        self.assertEqual(self.check(target("Core", Log="swift-log")),
                         [("Package.swift", 1, "layers")])
        self.assertEqual(self.check(packages=["grdb"]), [("Package.swift", 1, "dependency")])
        self.assertEqual(self.check(packages=["grdb"], architecture=TABLE + "\n| grdb | x |"), [])

    def test_reads_the_dump(self):
        dump = {"targets": [{"name": "Model", "type": "regular", "dependencies": [
            {"byName": ["Core", None]}, {"target": ["Torch", None]},
            {"product": ["Logging", "swift-log", None, None]}]}]}
        self.assertEqual(parse_package(dump),
                         [target("Model", "Core", "Torch", Logging="swift-log")])


class ImportTests(unittest.TestCase):
    def check(self, text: str, owner: Target, path: str = "Sources/Model/A.swift"):
        return [(f.line, f.what) for f in check_imports(path, text, owner, ROWS, NAMES)]

    def test_granted_and_declared(self):
        text = "public import Core\n@preconcurrency import struct Torch.Tensor\nimport Foundation\n"
        self.assertEqual(self.check(text, target("Model", "Core", "Torch")), [])

    def test_refusals(self):
        self.assertEqual(self.check("\nimport CTorch", target("Model", "CTorch")),
                         [(2, "Model imports CTorch, which its row does not grant")])
        self.assertEqual(self.check("package import Torch", target("Model", "Core")),
                         [(1, "Model imports Torch without declaring it")])
        self.assertEqual(self.check("import Yams", target("Model")),
                         [(1, "Model imports Yams without declaring it")])
        self.assertEqual(self.check("import Testing", target("Model")),
                         [(1, "Model imports Testing without declaring it")])

    def test_comments_do_not_count(self):
        self.assertEqual(self.check('// import CTorch\nlet a = """\nimport CTorch\n"""',
                                    target("Model")), [])

    def test_tests_declare_what_they_import(self):
        owner = target("ModelTests", "Model", kind="test")
        self.assertEqual(self.check("import Testing\n@testable import Model", owner), [])
        self.assertEqual(self.check("@testable import CTorch", owner),
                         [(1, "ModelTests imports CTorch without declaring it")])

    def test_native_headers(self):
        text = "// #include <ATen/a.h>\n#include <ATen/b.h>\n"
        self.assertEqual(self.check(text, target("CTorch"), "Sources/CTorch/a.cpp"), [])
        self.assertEqual(self.check(text, target("Core"), "Sources/Core/a.cpp"),
                         [(2, "Core includes ATen/b.h of libtorch")])
