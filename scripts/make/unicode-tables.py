#!/usr/bin/env python3
"""Write the Unicode tables of MoCaTokenizer, by asking the `tokenizers` library about every scalar.

The split rule and NFC must follow the library's Unicode versions (its regular expressions, its
normaliser and its added-token matcher each carry one of their own), not Swift's. So nothing is taken
from a Unicode file: each table is measured, then proven by recomputing it (assertions below).

    python3 -m venv venv && venv/bin/pip install tokenizers==0.21.4
    venv/bin/python scripts/make/unicode-tables.py            # about one minute
"""
import os
import random
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "Sources", "MoCaTokenizer")
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
NFC, NFD = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str


def matching(pattern):
    """Scalars that the library's regular expression matches as a whole."""
    strip = normalizers.Replace(Regex(pattern), "").normalize_str
    return {c for c in SCALARS if strip(chr(c)) == ""}


def word_scalars():
    """Scalars that count as part of a word next to an added token with `single_word`, and those
    that `lstrip` swallows. Both come from another engine than the split rule's."""
    def probe(texts, **flags):
        tok = Tokenizer(models.WordLevel({"u": 0}, unk_token="u"))
        tok.add_tokens([AddedToken("<t>", normalized=False, **flags)])
        return [[t.ids for t in tok.encode_batch(texts[i:i + 50000])] for i in range(0, len(texts), 50000)]
    before = [chr(c) + "<t>" for c in SCALARS]
    word = {c for c, ids in zip(SCALARS, sum(probe(before, single_word=True), [])) if 1 not in ids}
    after = ["<t>" + chr(c) for c in SCALARS]
    assert word == {c for c, ids in zip(SCALARS, sum(probe(after, single_word=True), [])) if 1 not in ids}
    left = {c for c, ids in zip(SCALARS, sum(probe(before, lstrip=True), [])) if ids == [1]}
    right = {c for c, ids in zip(SCALARS, sum(probe(after, rstrip=True), [])) if ids == [1]}
    assert left == right
    return word, left


def check_contractions():
    """Only ASCII letters of both cases, and U+017F for `s`, complete a contraction."""
    strip = normalizers.Replace(Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"), "").normalize_str
    one = {chr(c) for c in SCALARS if strip("'" + chr(c)) == ""}
    assert one == set("sStTmMdD\u017f"), one
    for a, b in ("re", "ve", "ll"):
        for x, y in ((a, b), (a.upper(), b), (a, b.upper()), (a.upper(), b.upper())):
            assert strip("'" + x + y) == ""
        assert {chr(c) for c in SCALARS if strip("'" + chr(c) + b) == ""} - one <= set("rRvVlL")
        assert {chr(c) for c in SCALARS if strip("'" + a + chr(c)) == ""} == {b, b.upper()}
    assert {chr(c) for c in SCALARS if strip(chr(c) + "s") == ""} == {"'"}


def combining_classes():
    """Scalar -> canonical combining class, from which marks the library swaps. Only the order of the
    classes can be seen; the numbers are those of Python's Unicode data for a mark of the class."""
    swaps = lambda x, y: x != y and NFD("a" + x + y) == "a" + y + x
    lowest, highest = "\u0334", "\u0345"
    marks = {}                                   # class -> a mark that the library also knows
    for c in SCALARS:
        k = unicodedata.combining(chr(c))
        if k and chr(c) == NFD(chr(c)) and (swaps(chr(c), lowest) or swaps(highest, chr(c))):
            marks.setdefault(k, chr(c))
    order = sorted(marks)
    assert all(swaps(marks[b], marks[a]) and not swaps(marks[a], marks[b])
               for i, a in enumerate(order) for b in order[i + 1:])
    low, high = marks[order[0]], marks[order[-1]]
    classes = {}
    for c in SCALARS:
        x = chr(c)
        if NFD(x) != x or not (swaps(x, low) or swaps(high, x)):
            continue
        above = [k for k in order if swaps(marks[k], x)]     # classes greater than x's
        below = [k for k in order if swaps(x, marks[k])]
        (classes[c],) = [k for k in order if k not in above and k not in below]
    return classes


def decompositions():
    """Scalar -> (first, second) of one canonical step; second is 0 for a singleton."""
    steps, composites = {}, {}
    for c in SCALARS:
        if c in HANGUL:
            continue
        full = NFD(chr(c))
        if full == chr(c):
            continue
        if len(full) == 1:
            steps[c] = (ord(full), 0)
            continue
        # The composite of everything but the last scalar, where there is one.
        first = NFC(full[:-1])
        if len(first) == 1:
            steps[c] = (ord(first), ord(full[-1]))
        elif len(full) == 2:
            steps[c] = (ord(full[0]), ord(full[1]))
        else:
            steps[c] = None
    # A composition exclusion may have a head that does not compose: take its decomposable head.
    by_full = {NFD(chr(c)): c for c in steps if NFC(chr(c)) == chr(c)}
    for c, step in steps.items():
        if step is None:
            full = NFD(chr(c))
            heads = [h for h in steps if steps[h] and NFD(chr(h)) == full[:-1]]
            steps[c] = (by_full.get(full[:-1], heads[0]), ord(full[-1]))
    for c, (a, b) in steps.items():
        if b and NFC(chr(a) + chr(b)) == chr(c):
            composites[(a, b)] = c
    return steps, composites


def check_normalisation(steps, composites, classes):
    """Recompute NFC from the tables alone and compare with the library: all scalars, all pairs that
    could compose, random mixtures."""
    def decompose(c):
        if c in HANGUL:
            s = c - 0xAC00
            tail = [0x11A7 + s % 28] if s % 28 else []
            return [0x1100 + s // 588, 0x1161 + s % 588 // 28] + tail
        if c not in steps:
            return [c]
        a, b = steps[c]
        return decompose(a) + ([b] if b else [])

    def compose(a, b):
        if 0x1100 <= a < 0x1113 and 0x1161 <= b < 0x1176:
            return 0xAC00 + ((a - 0x1100) * 21 + b - 0x1161) * 28
        if a in HANGUL and (a - 0xAC00) % 28 == 0 and 0x11A8 <= b < 0x11C3:
            return a + b - 0x11A7
        return composites.get((a, b))

    def nfc(text):
        out, run = [], []
        flat = [d for ch in text for d in decompose(ord(ch))]
        for d in flat + [0]:
            if classes.get(d, 0) == 0:
                out += sorted(run, key=lambda x: classes[x])
                out.append(d)
                run = []
            else:
                run.append(d)
        result, starter, last = [], -1, 0
        for d in out[:-1]:
            k = classes.get(d, 0)
            if starter >= 0 and (last < k or (last == 0 and len(result) == starter + 1)):
                c = compose(result[starter], d)
                if c is not None:
                    result[starter] = c
                    continue
            if k == 0:
                starter = len(result)
            last = k
            result.append(d)
        return "".join(map(chr, result))

    assert all(nfc(chr(c)) == NFC(chr(c)) for c in SCALARS)
    firsts = sorted({a for a, _ in composites} | {0x1100, 0x1112, 0xAC00, 0xAC01})
    seconds = sorted({b for _, b in composites} | {0x1161, 0x1175, 0x11A7, 0x11A8, 0x11C2, 0x0334})
    for a in firsts:
        for b in seconds:
            assert nfc(chr(a) + chr(b)) == NFC(chr(a) + chr(b)), (hex(a), hex(b))
    rng = random.Random(1)
    pool = firsts + seconds + sorted(classes) + sorted(steps) + list(range(0x1100, 0x1200))
    for _ in range(60000):
        text = "".join(chr(rng.choice(pool)) for _ in range(rng.randint(2, 8)))
        assert nfc(text) == NFC(text), text.encode("unicode_escape")
    # A text without these is its own NFC, which the encoder uses as a quick check. The list is
    # proven by construction: everything that changes alone, reorders, or composes with what precedes.
    return (set(classes) | {c for c in SCALARS if NFC(chr(c)) != chr(c)} | {b for _, b in composites}
            | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3)))


def ranges(scalars):
    """Sorted half-open ranges; surrogates, which no text holds, may be bridged."""
    out = []
    for c in sorted(scalars):
        if out and (out[-1][1] == c or (out[-1][1] == 0xD800 and c == 0xE000)):
            out[-1][1] = c + 1
        else:
            out.append([c, c + 1])
    return out


def swift_array(name, comment, numbers, group):
    """One static table; `group` numbers belong together and are not torn by a line end."""
    words = [", ".join(f"0x{n:x}" for n in numbers[i:i + group]) for i in range(0, len(numbers), group)]
    lines, line = [], " " * 8
    for w in words:
        if len(line) + len(w) + 2 > 99:
            lines.append(line.rstrip())
            line = " " * 8
        line += w + ", "
    lines.append(line.rstrip())
    head = "".join(f"    /// {c}\n" for c in comment)
    return f"{head}    static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n    ]\n"


def write(name, purpose, tables):
    body = (f"// {purpose}\n// Generated by scripts/make/unicode-tables.py from tokenizers {tokenizers.__version__}; "
            "do not edit.\n\nextension UnicodeTables {\n" + "\n".join(tables) + "}\n")
    path = os.path.join(OUT, name)
    with open(path, "w", encoding="ascii") as f:
        f.write(body)
    print(os.path.normpath(path), body.count("\n"), "lines")


def main():
    check_contractions()
    letters, numbers, spaces = matching(r"\p{L}"), matching(r"\p{N}"), matching(r"\s")
    word, stripped = word_scalars()
    assert stripped == spaces
    classes = combining_classes()
    steps, composites = decompositions()
    unstable = check_normalisation(steps, composites, classes)
    flat = lambda s: [x for r in ranges(s) for x in r]
    write("UnicodeTables+Classes.swift", "Which scalars are letters, numbers, spaces and parts of words.", [
        swift_array("letters", [r"`\p{L}` of the split rule: half-open ranges, first and end by turns."], flat(letters), 2),
        swift_array("numbers", [r"`\p{N}` of the split rule: half-open ranges."], flat(numbers), 2),
        swift_array("spaces", [r"`\s`, of the split rule and of added tokens that strip: half-open ranges."],
                    flat(spaces), 2),
        swift_array("words", [r"`\w` beside added tokens with `single_word`: half-open ranges."], flat(word), 2)])
    runs = []
    for c in sorted(classes):
        if runs and runs[-1][1] == c and runs[-1][2] == classes[c]:
            runs[-1][1] = c + 1
        else:
            runs.append([c, c + 1, classes[c]])
    write("UnicodeTables+Order.swift", "What decides whether and how a text changes under NFC.", [
        swift_array("unstable", ["Scalars that may change under NFC or make what precedes change: half-open ranges;",
                                 "Hangul vowels and tails included."], flat(unstable), 2),
        swift_array("combiningClasses", ["Canonical combining classes that are not 0: first, end, class."],
                    [x for r in runs for x in r], 3)])
    triples = lambda keep: [x for c in sorted(steps) if keep(c) for x in (c, *steps[c])]
    composing = lambda c: composites.get(steps[c]) == c
    write("UnicodeTables+Decompositions.swift", "One canonical step of every scalar that has one (Hangul syllables aside).", [
        swift_array("composites", ["Scalars that two others compose to, and decompose to: composite, first, second."],
                    triples(composing), 3),
        swift_array("decompositions", ["Scalars that decompose but are never composed: scalar, first, second or 0."],
                    triples(lambda c: not composing(c)), 3)])


if __name__ == "__main__":
    main()
