"""Swift, C and C++ text with comments and literals blanked out, so that rules see only code."""

from __future__ import annotations

import re

SWIFT = "swift"
C = "c"


# Where a comment or a literal may begin.
_CANDIDATE = {SWIFT: re.compile(r'[/"]|#+[/"]'), C: re.compile(r'[/"\']|R"')}


def blank(text: str, language: str, keep_comments: bool = False) -> str:
    """The same text, same offsets and lines, with literals (and comments) turned to spaces."""
    out: list[str] = []
    position = 0
    while candidate := _CANDIDATE[language].search(text, position):
        out.append(text[position : candidate.start()])
        position = candidate.start()
        end, is_comment = _token(text, position, language)
        piece = text[position:end]
        is_code = end == position + 1 or (is_comment and keep_comments)
        out.append(piece if is_code else re.sub(r"[^\n]", " ", piece))
        position = end
    return "".join(out) + text[position:]


def _token(text: str, start: int, language: str) -> tuple[int, bool]:
    """End of the comment or literal that starts here (or of one character); is it a comment?"""
    if text.startswith("//", start):
        end = text.find("\n", start)
        return (len(text) if end < 0 else end), True
    if text.startswith("/*", start):
        return _block_comment(text, start, nests=language == SWIFT), True
    if language == SWIFT:
        return _swift_literal(text, start), False
    return _c_literal(text, start), False


def _block_comment(text: str, start: int, nests: bool) -> int:
    depth = 1
    for mark in re.compile(r"/\*|\*/").finditer(text, start + 2):
        depth += -1 if mark[0] == "*/" else 1 if nests else 0
        if depth == 0:
            return mark.end()
    return len(text)


def _swift_literal(text: str, start: int) -> int:
    quote = re.compile(r'(#*)("""|")').match(text, start)
    if quote:
        return _swift_string(text, quote.end(), quote[2], quote[1])
    if text[start] == "/" and re.search(r"[(,=:\[{]\s*$", text[max(0, start - 40) : start]):
        regex = re.compile(r"/[^\s/*](?:\\.|[^/\\\n])*/").match(text, start)
        if regex:
            return regex.end()
    return start + 1


def _swift_string(text: str, position: int, quote: str, hashes: str) -> int:
    """End of a string literal whose opening quote ends at `position`."""
    escape = "\\" + hashes
    stop = re.compile(r'["\\\n]')
    while mark := stop.search(text, position):
        position = mark.start()
        if text.startswith(escape + "(", position):
            position = _interpolation(text, position + len(escape) + 1)
        elif text.startswith(escape, position):
            position += len(escape) + 1
        elif text.startswith(quote + hashes, position):
            return position + len(quote + hashes)
        elif text[position] == "\n" and quote == '"':
            return position
        else:
            position += 1
    return len(text)


def _interpolation(text: str, position: int) -> int:
    depth = 1
    while position < len(text) and depth:
        if text[position] == '"':
            position = _swift_literal(text, position)
            continue
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return position


def _c_literal(text: str, start: int) -> int:
    raw = re.compile(r'R"([^()\\\s]{0,16})\(').match(text, start)
    if raw:
        end = text.find(f'){raw[1]}"', raw.end())
        return len(text) if end < 0 else end + len(raw[1]) + 2
    literal = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'').match(text, start)
    # A digit separator (1'000) is no literal.
    if literal and not (text[start] == "'" and start and text[start - 1].isalnum()):
        return literal.end()
    return start + 1


def line_of(text: str, offset: int) -> int:
    """Number of the line that holds this offset, from 1."""
    return text.count("\n", 0, offset) + 1


_BRACKETS = {"{": re.compile(r"[{}]"), "(": re.compile(r"[()]"), "[": re.compile(r"[\[\]]")}


def closing(text: str, start: int) -> int:
    """Offset of the bracket that closes the one at `start`, or the last offset."""
    depth = 0
    for bracket in _BRACKETS[text[start]].finditer(text, start):
        depth += 1 if bracket[0] == text[start] else -1
        if depth == 0:
            return bracket.start()
    return len(text) - 1


def argument_count(parameters: str) -> int:
    """Number of parameters in the text between the parentheses of a declaration."""
    if not parameters.strip() or parameters.strip() == "void":
        return 0
    depth, count = 0, 1
    for character in parameters.replace("->", "  "):
        if character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth -= 1
        elif character == "," and depth == 0:
            count += 1
    return count
