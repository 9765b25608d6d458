"""Who may import whom: ARCHITECTURE.md's table against the manifest and every import line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .findings import Finding
from .source_text import C, SWIFT, blank, line_of

ARCHITECTURE = "ARCHITECTURE.md"
# Libraries that a user of the products need not have.
HEAVY_TARGETS = {"CArrow", "CArchive"}
COLUMNS = ["target", "its one sentence", "may import", "external"]

# What the toolchain brings.
SYSTEM_MODULES = {
    "Swift", "Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML",
    "Dispatch", "Synchronization", "Observation", "RegexBuilder", "Glibc", "Musl", "Darwin",
    "Android", "Bionic", "os", "Accelerate",
}
TEST_MODULES = {"Testing", "XCTest"}

# Headers that betray a native library; only the row that names the library may include them.
NATIVE_HEADERS = {
    "libtorch": re.compile(r"(torch|ATen|c10|caffe2)/"),
    "Arrow": re.compile(r"(arrow|parquet)/"),
    "libvips": re.compile(r"(vips/|glib)"),
    "libarchive": re.compile(r"(archive(_entry)?|zlib)\.h"),
    "MPI": re.compile(r"mpi\.h"),
}

_IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*"
    r"(?:(?:public|package|internal|fileprivate|private)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)[ \t]+)?"
    r"([A-Za-z_]\w*)",
    re.MULTILINE,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|import)[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One row of the table, its cells resolved to names."""

    name: str
    line: int
    may_import: frozenset[str]
    external: frozenset[str]


@dataclass(frozen=True)
class Target:
    """One target of the manifest."""

    name: str
    kind: str
    targets: frozenset[str]
    products: dict[str, str] = field(hash=False)  # product -> package
    folder: str = ""


def parse_table(text: str) -> tuple[list[Row], list[Finding]]:
    """The rows of the table, top to bottom, and what is wrong in the table itself."""
    rows: list[Row] = []
    found: list[Finding] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            inside = False
        elif cells == COLUMNS:
            inside = True
        elif inside and len(cells) == len(COLUMNS) and set(line) - set("|-: "):
            above = [row.name for row in rows]
            name = cells[0].strip("`")
            may_import, unknown = _names(cells[2], above)
            for bad in unknown:
                found.append(Finding(ARCHITECTURE, number, "table", f"{name} may import {bad}, "
                                     "which is no row above it", "move the row, or correct the cell"))
            external = frozenset(_split(cells[3]))
            rows.append(Row(name, number, may_import, external))
    if not rows:
        found.append(Finding(ARCHITECTURE, 1, "table", "no table of targets",
                             "add one with the columns " + " | ".join(COLUMNS)))
    return rows, found


def _split(cell: str) -> list[str]:
    names = [name.strip().strip("`") for name in cell.split(",")]
    return [name for name in names if name not in ("", "-")]


def _names(cell: str, above: list[str]) -> tuple[frozenset[str], list[str]]:
    """`A, B`, `-`, or `all above but A, B`, as names; and those that are not above."""
    everything = re.fullmatch(r"all above(?: but (.*))?", cell)
    listed = _split((everything[1] or "") if everything else cell)
    unknown = [name for name in listed if name not in above]
    return frozenset(set(above) - set(listed) if everything else listed), unknown


def parse_package(dump: dict) -> list[Target]:
    """The targets of `swift package dump-package`, in order."""
    targets = []
    for target in dump["targets"]:
        names, products = set(), {}
        for dependency in target["dependencies"]:
            if "product" in dependency:
                products[dependency["product"][0]] = dependency["product"][1] or ""
            else:
                names.add((dependency.get("byName") or dependency.get("target"))[0])
        is_test = target["type"] == "test"
        folder = target.get("path") or f"{'Tests' if is_test else 'Sources'}/{target['name']}"
        targets.append(Target(target["name"], target["type"], frozenset(names), products, folder))
    return targets


def check_manifest(rows: list[Row], targets: list[Target], manifest: str, architecture: str,
                   packages: list[str]) -> list[Finding]:
    """The manifest against the table: a row a target, and no dependency that no row grants."""
    found: list[Finding] = []
    row_of = {row.name: row for row in rows}
    names = {target.name for target in targets}
    for row in rows:
        if row.name not in names:
            found.append(Finding(ARCHITECTURE, row.line, "table", f"{row.name} is no target yet",
                                 "add it to Package.swift, or delete the row", False))
    for target in targets:
        line = _manifest_line(manifest, target.name)
        row = row_of.get(target.name)
        if target.kind == "test":
            continue
        if row is None:
            found.append(Finding("Package.swift", line, "table", f"{target.name} has no row",
                                 f"add one to the table of {ARCHITECTURE}"))
            continue
        for name in sorted(target.targets & names - row.may_import):
            found.append(Finding("Package.swift", line, "layers", f"{target.name} depends on {name}, "
                                 "which its row does not grant", f"drop it, or argue for it in "
                                 f"{ARCHITECTURE}"))
        for package in sorted(set(target.products.values()) - row.external):
            found.append(Finding("Package.swift", line, "layers", f"{target.name} depends on the "
                                 f"package {package}, which its row does not grant",
                                 f"drop it, or name it in the external column of {ARCHITECTURE}"))
    for package in packages:
        if not re.search(rf"^\|\s*`?{re.escape(package)}`?\s*\|", architecture, re.MULTILINE):
            found.append(Finding("Package.swift", 1, "dependency", f"{package} is not explained",
                                 f"say in {ARCHITECTURE}, table Dependencies, what it replaces"))
    return found


def check_products(dump: dict, targets: list[Target]) -> list[Finding]:
    """No library product reaches a target that HEAVY_TARGETS keeps away from users."""
    of_name = {target.name: target for target in targets}
    found = []
    for product in dump["products"]:
        if "library" not in product["type"]:
            continue
        reached, waiting = set(), list(product["targets"])
        while waiting:
            name = waiting.pop()
            if name in of_name and name not in reached:
                reached.add(name)
                waiting += of_name[name].targets
        for name in sorted(reached & HEAVY_TARGETS):
            found.append(Finding("Package.swift", 1, "products", f"the product {product['name']} "
                                 f"links {name}", "move what needs it to a target above the product"))
    return found


def _manifest_line(manifest: str, name: str) -> int:
    match = re.search(rf'arget\w*\(\s*name:\s*"{re.escape(name)}"', manifest)
    return line_of(manifest, match.start()) if match else 1


def check_imports(path: str, text: str, target: Target, rows: list[Row],
                  names: set[str]) -> list[Finding]:
    """The import lines of one Swift file, or the include lines of one C or C++ file."""
    row = next((row for row in rows if row.name == target.name), None)
    if path.endswith(".swift"):
        return _swift_imports(path, text, target, row, names)
    found = []
    kept = blank(text, C, keep_comments=False)
    for match in _INCLUDE.finditer(text):
        if not kept[match.start() : match.end()].strip().startswith("#"):
            continue  # inside a comment
        for library, headers in NATIVE_HEADERS.items():
            if headers.match(match[1]) and not (row and library in row.external):
                found.append(Finding(path, line_of(text, match.start(1)), "layers",
                                     f"{target.name} includes {match[1]} of {library}",
                                     f"only a target whose row names {library} may"))
    return found


def _swift_imports(path: str, text: str, target: Target, row: Row | None,
                   names: set[str]) -> list[Finding]:
    found = []
    code = blank(text, SWIFT)
    is_test = target.kind == "test"
    for match in _IMPORT.finditer(code):
        module, line = match[1], line_of(code, match.start(1))
        if module in SYSTEM_MODULES or (is_test and module in TEST_MODULES):
            continue
        if module in names:
            if not is_test and row and module not in row.may_import:
                found.append(Finding(path, line, "layers", f"{target.name} imports {module}, which "
                                     "its row does not grant", "move the code, or change the table "
                                     f"of {ARCHITECTURE} with a reason"))
            if module not in target.targets:
                found.append(_undeclared(path, line, target, module))
        elif module not in target.products:
            found.append(_undeclared(path, line, target, module))
    return found


def _undeclared(path: str, line: int, target: Target, module: str) -> Finding:
    return Finding(path, line, "layers", f"{target.name} imports {module} without declaring it",
                   f"add it to the dependencies of {target.name} in Package.swift")
