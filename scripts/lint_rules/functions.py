"""Finds the functions of a blanked Swift or C++ text: where, how long, how deep, how many inputs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .source_text import C, SWIFT, argument_count, closing, line_of


@dataclass(frozen=True)
class Function:
    """A function with a body; offsets are those of its braces."""

    name: str
    line: int
    line_count: int
    parameter_count: int
    body: tuple[int, int]


_SWIFT_START = re.compile(
    r"\bfunc\s+(`[^`]+`|[^\s(<]+)"
    r"|(?<![.\w])(init)[?!]?(?=\s*[(<])"
    r"|(?<![.\w])(subscript)(?=\s*[(<])"
    r"|(?<![.\w])(deinit)(?=\s*\{)"
    r"|\bvar\s+(\w+)\s*:[^={}\n]*(?=\{)"
)
_SIGNATURE_GOES_ON = re.compile(r"\s*(\{|->|where\b|async\b|throws\b|rethrows\b)")
_TYPE_HEADER = re.compile(r"\b(struct|enum|class|actor|extension|protocol)\s+\w[^{}]*$")
_ACCESSOR = re.compile(r"\b(get|set|willSet|didSet|_read|_modify)\b[^{}\n]*$")


def functions(code: str, language: str) -> list[Function]:
    """All functions with bodies, in order."""
    return _swift_functions(code) if language == SWIFT else _c_functions(code)


def _swift_functions(code: str) -> list[Function]:
    found = []
    for match in _SWIFT_START.finditer(code):
        position, parameter_count = match.end(), 0
        if not match[5] and not match[4]:
            parenthesis = _skip_generics(code, position)
            if parenthesis is None:
                continue
            end = closing(code, parenthesis)
            parameter_count = argument_count(code[parenthesis + 1 : end])
            position = end + 1
        opening = _body_start(code, position)
        if opening is not None:
            name = next(group for group in match.groups() if group)
            found.append(_function(code, name, match.start(), opening, parameter_count))
    return found


def _function(code: str, name: str, start: int, opening: int, parameter_count: int) -> Function:
    end, first = closing(code, opening), line_of(code, start)
    return Function(name, first, line_of(code, end) - first + 1, parameter_count, (opening, end))


def _skip_generics(code: str, position: int) -> int | None:
    """Offset of the parameter list's parenthesis after `<T: P>`, if there is one."""
    depth = 0
    for offset in range(position, min(len(code), position + 2000)):
        character = code[offset]
        if character == "(" and depth == 0:
            return offset
        if character in "{}" or (character == "=" and depth == 0):
            return None
        depth += {"<": 1, ">": -1}.get(character, 0)
    return None


def _body_start(code: str, position: int) -> int | None:
    """Offset of the brace that opens the body; None for a requirement of a protocol."""
    while position < len(code):
        end = code.find("\n", position)
        end = len(code) if end < 0 else end
        rest = code[position:end]
        brace, close = rest.find("{"), rest.find("}")
        if brace >= 0 and not 0 <= close < brace:
            return position + brace
        unfinished = rest.rstrip().endswith(("->", "where", ",", "&", ":", "==", "("))
        if close >= 0 or not (unfinished or _SIGNATURE_GOES_ON.match(code, end)):
            return None
        position = end + 1
    return None


def _c_functions(code: str) -> list[Function]:
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), code,
                  flags=re.MULTILINE)
    found, position, header_start = [], 0, 0
    while mark := re.compile(r"[;{}]").search(code, position):
        position = mark.start()
        if mark[0] == "{":
            header = code[header_start:position]
            parenthesis = header.find("(")
            before = header if parenthesis < 0 else header[:parenthesis]
            is_type = re.search(r"\b(namespace|class|struct|union|enum)\b", before)
            if parenthesis >= 0 and not is_type:
                found.append(_c_function(code, header_start, parenthesis, position))
                position = closing(code, position)
            elif "=" in header:
                position = closing(code, position)
        position += 1
        header_start = position
    return found


def _c_function(code: str, header_start: int, parenthesis: int, opening: int) -> Function:
    header = code[header_start:opening]
    names = re.findall(r"[\w~:]+", header[:parenthesis])
    start = header_start + len(header) - len(header.lstrip())
    parameters = header[parenthesis + 1 : closing(header, parenthesis)]
    name = names[-1] if names else "?"
    return _function(code, name, start, opening, argument_count(parameters))


def nesting(code: str, function: Function, others: list[Function], language: str) -> int:
    """Depth of the deepest block of several lines in a body, not counting functions and types
    declared inside it, which start anew."""
    own_bodies = {other.body[0]: other.body[1] for other in others if other is not function}
    position, end = function.body[0] + 1, function.body[1]
    stack: list[bool] = []
    deepest = 0
    while mark := re.compile(r"[{}]").search(code, position, end):
        position = mark.start()
        if mark[0] == "{":
            header = code[max(function.body[0] + 1, position - 300) : position]
            if position in own_bodies or _TYPE_HEADER.search(header):
                position = closing(code, position) + 1
                continue
            is_block = "\n" in code[position : closing(code, position)]
            if language == SWIFT and _ACCESSOR.search(header):
                is_block = False
            if language == C and re.search(r"[=,({]\s*$|\breturn\s*$", header):
                is_block = False
            stack.append(is_block)
            deepest = max(deepest, sum(stack))
        elif stack:
            stack.pop()
        position += 1
    return deepest
