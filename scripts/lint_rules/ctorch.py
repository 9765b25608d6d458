"""The C shim: every function has a Swift caller, one file catches, no umbrella header."""

from __future__ import annotations

import re

from .findings import Finding
from .source_text import C, SWIFT, blank, line_of

FOLDER = "Sources/CTorch"
_DECLARATION = re.compile(r"\b([a-z]\w*)\s*\(")
_UMBRELLA = re.compile(r'#\s*include\s*[<"](ATen/(?:ATen|Functions)\.h|torch/(?:torch|all)\.h)[>"]')


def declared_functions(header: str) -> list[tuple[str, int]]:
    """Names and lines of the functions that a C header declares (not its function types)."""
    code = blank(header, C)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), code,
                  flags=re.MULTILINE)
    code = re.sub(r"\btypedef\b[^;{]*(\{[^}]*\}[^;]*)?;", lambda m: re.sub(r"[^\n]", " ", m[0]), code)
    found, depth = [], 0
    for match in re.finditer(r"[()]|\b[A-Za-z_]\w*(?=\s*\()", code):
        token = match[0]
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0 and not token.startswith("__"):
            found.append((token, line_of(code, match.start())))
    return found


def check_callers(headers: dict[str, str], swift: dict[str, str]) -> list[Finding]:
    """Functions of the headers that no Swift file of Sources names."""
    used: set[str] = set()
    for text in swift.values():
        used |= set(re.findall(r"\b[a-z]\w+", blank(text, SWIFT)))
    return [
        Finding(path, line, "uncalled", f"{name} has no Swift caller",
                "add the caller in the same commit, or delete the function")
        for path, text in headers.items()
        for name, line in declared_functions(text)
        if name not in used
    ]


def check_sources(sources: dict[str, str]) -> list[Finding]:
    """`try` and `catch` in one file only, which is the exception boundary; no umbrella headers."""
    catching: dict[str, list[int]] = {}
    found = []
    for path, text in sources.items():
        code = blank(text, C)
        lines = [line_of(code, match.start()) for match in re.finditer(r"\b(try|catch)\b", code)]
        if lines:
            catching[path] = lines
        for match in _UMBRELLA.finditer(text):
            found.append(Finding(path, line_of(text, match.start()), "umbrella",
                                 f"includes {match[1]}, which doubles the build time",
                                 "include the headers of the operators used (ATen/ops/NAME.h)"))
    boundary = max(catching, key=lambda path: ("boundary" in path, len(catching[path])), default="")
    for path, lines in catching.items():
        if path != boundary:
            found += [Finding(path, line, "boundary", "try or catch outside the exception boundary",
                              f"let {boundary} catch") for line in lines]
    return found
