"""Functions of the shim without a caller, and exceptions outside their boundary."""

import unittest

from lint_rules.ctorch import check_callers, check_sources, declared_functions

HEADER = """
#define CTORCH_MACRO(x) call(x)
// comment(here)
extern "C" {
typedef status (*ctorch_callback)(void *context, int count);
typedef enum { A = 0 } status;
int ctorch_first(void);
status ctorch_second(const int *sizes, void (*release)(void *),
                     int **out);
}
"""


class CTorchTests(unittest.TestCase):
    def test_reads_declarations(self):
        self.assertEqual(declared_functions(HEADER), [("ctorch_first", 7), ("ctorch_second", 8)])

    def test_names_uncalled_functions(self):
        swift = {"a.swift": "let x = ctorch_first()\n// ctorch_second()"}
        found = check_callers({"a.h": HEADER}, swift)
        self.assertEqual([(f.path, f.line, f.what) for f in found],
                         [("a.h", 8, "ctorch_second has no Swift caller")])

    def test_one_boundary(self):
        found = check_sources({"boundary.cpp": "try {} catch (...) {}",
                               "ops.cpp": "// try\nx;\ntry {} catch (...) {}"})
        self.assertEqual([(f.path, f.line) for f in found], [("ops.cpp", 3), ("ops.cpp", 3)])

    def test_umbrella_headers(self):
        found = check_sources({"ops.cpp": "#include <ATen/ops/add.h>\n#include <torch/torch.h>\n"})
        self.assertEqual([(f.line, f.rule) for f in found], [(2, "umbrella")])
