"""Each ceiling warns above the first number, fails above the second, and names the line."""

import unittest

from lint_rules.ceilings import check_file, check_folders, check_package
from lint_rules.findings import Allowlist

SWIFT = "Sources/NN/Linear.swift"


def findings(text: str, path: str = SWIFT, allowed: str = "") -> list[tuple[str, int, bool]]:
    found = check_file(path, text, Allowlist.parse(allowed))
    return [(finding.rule, finding.line, finding.is_error) for finding in found]


class CeilingTests(unittest.TestCase):
    def test_file_lines(self):
        self.assertEqual(findings("let a = 1\n" * 250), [])
        self.assertEqual(findings("let a = 1\n" * 251), [("file-lines", 1, False)])
        self.assertEqual(findings("let a = 1\n" * 401), [("file-lines", 1, True)])
        table = f"file-lines {SWIFT} a table"
        self.assertEqual(findings("let a = 1\n" * 600, allowed=table), [])
        self.assertEqual(findings("let a = 1\n" * 601, allowed=table), [("file-lines", 1, True)])

    def test_folder_files(self):
        paths = [f"Sources/NN/Layers/{number}.swift" for number in range(25)]
        self.assertEqual(check_folders(paths + ["Sources/NN/A.swift"]), [])
        found = check_folders(paths + ["Sources/NN/Layers/A.swift"])
        self.assertEqual([(one.path, one.is_error) for one in found], [("Sources/NN/Layers", True)])

    def test_function_lines(self):
        def function(count: int) -> str:
            return "\nfunc f() {\n" + "    g()\n" * (count - 2) + "}\n"

        self.assertEqual(findings(function(40)), [])
        self.assertEqual(findings(function(41)), [("function-lines", 2, False)])
        self.assertEqual(findings(function(81)), [("function-lines", 2, True)])

    def test_parameters(self):
        def function(count: int) -> str:
            return f"func f<T: P>({', '.join(f'a{i}: [K: V]' for i in range(count))}) -> T {{ x }}\n"

        self.assertEqual(findings(function(5)), [])
        self.assertEqual(findings(function(6)), [("parameters", 1, False)])
        self.assertEqual(findings(function(9)), [("parameters", 1, True)])

    def test_nesting(self):
        def function(depth: int) -> str:
            return "func f() {\n" + "if a {\n" * depth + "b()\n" + "}\n" * depth + "}\n"

        self.assertEqual(findings(function(3)), [])
        self.assertEqual(findings(function(4)), [("nesting", 1, False)])
        self.assertEqual(findings(function(5)), [("nesting", 1, True)])

    def test_nesting_ignores_one_line_closures_accessors_and_inner_functions(self):
        inner = "func g() {\nif a {\nif b {\nif c {\nd.map { $0 }\n}\n}\n}\n}\n"
        self.assertEqual(findings("func f() {\nif a {\n" + inner + "}\n}\n"), [])
        self.assertEqual(findings(
            "var v: Int {\nget {\nif a {\nif b {\nif c {\nd()\n}\n}\n}\n}\n}\n"), [])

    def test_requirements_have_no_body(self):
        text = "protocol P {\n    func f(a: Int)\n    init()\n    func g() throws -> Int\n}\nstruct S {\n"
        self.assertEqual(findings(text + "let a = 1\n" * 90 + "}\n"), [])

    def test_file_calls_outside_the_system_target(self):
        for call in ("try data.write(to: url, options: .atomic)", "flock(descriptor, LOCK_EX)",
                     "rename(a, b)", "fsync(descriptor)", "ftruncate(descriptor, 0)",
                     "try files.moveItem(at: a, to: b)", "try files.removeItem(at: a)"):
            self.assertEqual(findings(call + "\n"), [("file-call", 1, True)], call)
            self.assertEqual(findings(call + "\n", "Sources/MoCaSystem/Files/A.swift"), [])
            self.assertEqual(findings(call + "\n", "Tests/NNTests/A.swift"), [])
        for text in ("let a = value.atomicNumber", "column.rename(to: b)", "// fsync(descriptor)",
                     "try AtomicFile.write(data, to: url)"):
            self.assertEqual(findings(text + "\n"), [], text)

    def test_c_functions(self):
        def function(count: int) -> str:
            return ("namespace {\nextern \"C\" {\nint f(int a, int *b) {\n" + "g();\n" * (count - 2)
                    + "}\n}\n}\n")

        path = "Sources/CTorch/ops.cpp"
        self.assertEqual(findings(function(40), path), [])
        self.assertEqual(findings(function(81), path), [("function-lines", 3, True)])


class WordTests(unittest.TestCase):
    def test_swallowed_errors_and_traps(self):
        for text, rule in [("try? f()", "swallowed-error"), ("try! f()", "swallowed-error"),
                           ("fatalError(a)", "trap"), ("print(a)", "print")]:
            self.assertEqual(findings("\n" + text), [(rule, 2, True)], text)
            self.assertEqual(findings(text, "Tests/NNTests/A.swift"), [], text)
            self.assertEqual(findings(f"// {text}"), [], text)
            self.assertEqual(findings(text, allowed=f"{rule} {SWIFT} a reason"), [], text)
        self.assertEqual(findings("page.print(a)\nfunc print(_ a: A) {}"), [])
        self.assertEqual(findings("print(a)", "Sources/moca/Main.swift"), [])

    def test_todo_needs_an_issue(self):
        self.assertEqual(findings("// TO" + "DO: later"), [("todo", 1, True)])
        self.assertEqual(findings("// TO" + "DO(#12): later"), [])

    def test_vague_names(self):
        self.assertEqual(findings("struct TensorUtils {}"), [("vague-name", 1, True)])
        self.assertEqual(findings("", "Sources/NN/Helpers.swift"), [("vague-name", 1, True)])
        self.assertEqual(findings("let m = FileManager.default\nfunc commonPrefix() {}"), [])

    def test_package(self):
        self.assertEqual(check_package(["A"] * 26, 300), [])
        self.assertEqual([f.is_error for f in check_package(["A"] * 27, 301)], [True, False])


class AllowlistTests(unittest.TestCase):
    def test_reason_is_required(self):
        with self.assertRaisesRegex(ValueError, ":1: write RULE PATH REASON"):
            Allowlist.parse("trap Sources/A.swift")

    def test_stale_entries_are_named(self):
        allowed = Allowlist.parse("trap Sources/A.swift a reason")
        self.assertEqual([finding.line for finding in allowed.stale({"trap"})], [1])
        allowed.excuses("trap", "Sources/A.swift")
        self.assertEqual(allowed.stale({"trap"}), [])
