"""How large a file, a function or the package may grow, and words that have no place in it."""

from __future__ import annotations

import re
from collections import Counter

from .findings import Allowlist, Finding
from .functions import functions, nesting
from .source_text import C, SWIFT, blank, line_of

# (warns above, fails above)
FILE_LINES = (250, 400)
TABLE_LINES = 600
FUNCTION_LINES = (40, 80)
PARAMETERS = (5, 8)
C_PARAMETERS = (8, 12)  # a pointer travels with its count
NESTING = (3, 4)
TARGETS = 26        # Swift targets; those of C are not counted
FOLDER_FILES = 25
CORE_LINES = 300
COLUMNS = 100

LANGUAGES = {".swift": SWIFT, ".c": C, ".cpp": C, ".h": C, ".hpp": C}
RULES = {"file-lines", "function-lines", "parameters", "nesting", "swallowed-error", "trap",
         "print", "todo", "vague-name", "columns"}

_VAGUE = re.compile(
    r"(?<![A-Z])(Utils?|Utilities|Helpers?|Common|Managers?)(?![a-z])|^(utils?|helpers?|common)$")
_TYPE_NAME = re.compile(r"\b(?:struct|class|enum|protocol|actor|typealias|namespace)\s+(\w+)")
_FORBIDDEN = [
    ("swallowed-error", re.compile(r"\btry[?!]"),
     "swallows or traps an error", "use try and let the error reach someone who can act on it"),
    ("trap", re.compile(r"(?<!\.)\bfatalError\s*\("),
     "traps without context", "throw an error of the target, or use preconditionFailure for the impossible"),
]
_PRINT = re.compile(r"(?<![.\w])(?<!func )(print|debugPrint|dump|NSLog)\s*\(")
# Whatever writes a file that must be complete or absent, or locks one, does so in MoCaSystem.
_FILE_CALL = re.compile(
    r"\.atomic\b|(?<![.\w])(flock|rename|renameat2?|fsync|fdatasync|ftruncate)\s*\("
    r"|\b(moveItem|replaceItem(At)?|removeItem)\s*\(")
_TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\s*\(#\d+\))")


def check_file(path: str, text: str, allowed: Allowlist) -> list[Finding]:
    """Every ceiling and word rule on one Swift, C or C++ file; `path` is relative to the root."""
    language = LANGUAGES["." + path.rsplit(".", 1)[-1]]
    code = blank(text, language)
    found = _lengths(path, text, code, language) + _words(path, text, code, language)
    return [
        finding for finding in found
        if finding.rule == "file-lines" or not allowed.excuses(finding.rule, path)
    ] + _file_lines(path, text, allowed)


def _file_lines(path: str, text: str, allowed: Allowlist) -> list[Finding]:
    count, (warn, fail) = len(text.splitlines()), FILE_LINES
    if count > warn and allowed.excuses("file-lines", path):
        warn, fail = TABLE_LINES, TABLE_LINES
    return _ceiling(path, 1, "file-lines", "the file has {} lines", count, (warn, fail),
                    "split it by noun (Type+Topic.swift)")


def _ceiling(path: str, line: int, rule: str, what: str, value: int, limits: tuple[int, int],
             fix: str) -> list[Finding]:
    warn, fail = limits
    if value <= warn:
        return []
    limit = fail if value > fail else warn
    return [Finding(path, line, rule, f"{what.format(value)}, over {limit}", fix, value > fail)]


def _lengths(path: str, text: str, code: str, language: str) -> list[Finding]:
    found = []
    all_functions = functions(code, language)
    for function in all_functions:
        place, name = (path, function.line), function.name
        found += _ceiling(*place, "function-lines", f"{name} has {{}} lines", function.line_count,
                          FUNCTION_LINES, "split it into steps with names")
        found += _ceiling(*place, "parameters", f"{name} has {{}} parameters",
                          function.parameter_count,
                          PARAMETERS if language == SWIFT else C_PARAMETERS,
                          "group them in a struct")
        found += _ceiling(*place, "nesting", f"{name} nests {{}} blocks",
                          nesting(code, function, all_functions, language), NESTING,
                          "return early, or move the inner block into a function")
    if language == C:  # swift-format keeps Swift lines short
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > COLUMNS:
                found.append(Finding(path, number, "columns", f"{len(line)} columns, over {COLUMNS}",
                                     "break the line", False))
                break
    return found


def _words(path: str, text: str, code: str, language: str) -> list[Finding]:
    found = []
    for match in _TODO.finditer(blank(text, language, keep_comments=True)):
        found.append(Finding(path, line_of(text, match.start()), "todo",
                             f"{match[1]} without an issue", f"write {match[1]}(#12): ..."))
    for name in [part.split(".")[0] for part in path.split("/")[1:]]:
        if _VAGUE.search(name):
            found.append(Finding(path, 1, "vague-name", f"the name {name} says nothing",
                                 "name the file by what it holds"))
    for match in _TYPE_NAME.finditer(code):
        if _VAGUE.search(match[1]):
            found.append(Finding(path, line_of(code, match.start()), "vague-name",
                                 f"the name {match[1]} says nothing", "name it by what it does"))
    if language == SWIFT and path.startswith("Sources/"):
        for rule, pattern, what, fix in _FORBIDDEN:
            for match in pattern.finditer(code):
                found.append(Finding(path, line_of(code, match.start()), rule,
                                     f"`{match[0].rstrip('( ')}` in Sources: {what}", fix))
        if not path.startswith("Sources/MoCaSystem/"):
            for match in _FILE_CALL.finditer(code):
                found.append(Finding(path, line_of(code, match.start()), "file-call",
                                     f"`{match[0].rstrip('( ')}` outside MoCaSystem",
                                     "use AtomicFile, AtomicFolder, GrowingFile, FileLock or "
                                     "FileSystem"))
        if not path.startswith("Sources/moca/"):
            for match in _PRINT.finditer(code):
                found.append(Finding(path, line_of(code, match.start()), "print",
                                     f"{match[1]} outside the moca target",
                                     "return a value, or log it"))
    return found


def check_folders(paths: list[str]) -> list[Finding]:
    """Folders with too many files, among files with these paths."""
    counts = Counter(path.rpartition("/")[0] for path in paths)
    found = []
    for folder, count in sorted(counts.items()):
        found += _ceiling(folder, 1, "folder-files", "the folder has {} files", count,
                          (FOLDER_FILES, FOLDER_FILES), "make folders named by nouns")
    return found


def check_package(target_names: list[str], core_lines: int) -> list[Finding]:
    """Ceilings of the package as a whole; `target_names` are Swift targets without
    tests."""
    found = _ceiling("Package.swift", 1, "targets", "{} targets", len(target_names),
                     (TARGETS, TARGETS), "merge two that are never used apart")
    return found + _ceiling("Sources/MoCaCore", 1, "core-lines", "MoCaCore has {} lines",
                            core_lines, (CORE_LINES, 1000),
                            "move what only one stage needs to that stage")
