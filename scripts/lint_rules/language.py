"""Plain technical English in doc comments and in texts that users read."""

from __future__ import annotations

import re

from .findings import Finding
from .source_text import SWIFT, blank, line_of

# Findings are warnings until the sources are clean; then this becomes True.
FAILS = True

# What a doc comment must not begin with: Quick Help shows it without its neighbours.
_FRAGMENT = re.compile(r"(?:Of|Told|Asked|The same)\b")
_WORDS = re.compile(r"\b(told|asked|yardstick|so many|which is of)\b", re.IGNORECASE)
_DOC_BLOCK = re.compile(r"(?:^[ \t]*///[^\n]*\n?)+", re.MULTILINE)


def _findings(path: str, text: str, start: int, what: str, fix: str) -> Finding:
    return Finding(path, line_of(text, start), "language", what, fix, FAILS)


def check_file(path: str, text: str) -> list[Finding]:
    """The findings in the doc comments and string literals of one Swift file."""
    found = []
    commented = blank(text, SWIFT, keep_comments=True)
    for block in _DOC_BLOCK.finditer(commented):
        prose = re.sub(r"^[ \t]*///", lambda mark: " " * len(mark[0]), block[0], flags=re.MULTILINE)
        first = re.search(r"\S", prose)
        if first and (match := _FRAGMENT.match(prose, first.start())):
            found.append(_findings(path, text, block.start() + match.start(),
                                   f'a doc comment begins with "{match[0]}"',
                                   "write a full sentence or a noun phrase that stands alone"))
        found += _words(path, text, prose, block.start(), "a doc comment")
    literals = "".join(char if char != kept else "\n" if char == "\n" else " "
                       for char, kept in zip(text, commented))
    return found + _words(path, text, literals, 0, "a text")


def _words(path: str, text: str, prose: str, offset: int, where: str) -> list[Finding]:
    return [_findings(path, text, offset + match.start(), f'{where} says "{match[0]}"',
                      "say it in the words of the glossary in CONTRIBUTING.md")
            for match in _WORDS.finditer(prose)]
