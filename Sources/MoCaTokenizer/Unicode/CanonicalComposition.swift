// Unicode Normalization Form C (UAX 15), with the tables of the `tokenizers` library.

/// NFC of UTF-8 text. Text between stable scalars is copied; only unstable segments are recomputed.
enum CanonicalComposition {
    /// The offset of the first scalar that may change under NFC; nil if the text is already in NFC.
    static func firstUnstable(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let base = text.baseAddress else { return nil }
        let classes = UnicodeTables.classes
        var at = 0
        while at < text.count {
            // No scalar below U+0300, whose first byte is 0xCC, is unstable.
            let byte = base[at]
            if byte < 0xCC {
                at += 1
                continue
            }
            let (scalar, count) = UTF8Cursor.decode(base + at)
            if classes[Int(scalar)] & UnicodeTables.Class.unstable != 0 { return at }
            at += count
        }
        return nil
    }

    /// The NFC of `text`, whose first unstable scalar is at `first`.
    static func normalised(_ text: UnsafeBufferPointer<UInt8>, firstUnstable first: Int) -> [UInt8]
    {
        var out: [UInt8] = []
        out.reserveCapacity(text.count + 16)
        guard let base = text.baseAddress else { return out }
        var segment = Segment()
        var copied = 0
        var next: Int? = first
        while let unstable = next {
            // The segment starts at the preceding stable scalar, which may compose with the
            // following ones.
            var start = unstable
            if start > copied { start -= UTF8Cursor.decode(before: base + start).count }
            out.append(contentsOf: text[copied..<start])
            var at = start
            repeat {
                let (scalar, count) = UTF8Cursor.decode(base + at)
                segment.append(scalar)
                at += count
            } while at < text.count && isUnstable(base + at)
            segment.compose(into: &out)
            copied = at
            let rest = UnsafeBufferPointer(rebasing: text[at...])
            next = firstUnstable(rest).map { $0 + at }
        }
        out.append(contentsOf: text[copied...])
        return out
    }

    private static func isUnstable(_ at: UnsafePointer<UInt8>) -> Bool {
        let scalar = UTF8Cursor.decode(at).scalar
        return UnicodeTables.classes[Int(scalar)] & UnicodeTables.Class.unstable != 0
    }
}

extension CanonicalComposition {
    /// A run of scalars, decomposed on appending, then reordered and composed.
    private struct Segment {
        private var scalars: [UInt32] = []
        private var classes: [UInt8] = []

        // Hangul syllables are composed by arithmetic (The Unicode Standard, section 3.12).
        private static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
        private static let leads: Range<UInt32> = 0x1100..<0x1113
        private static let vowels: Range<UInt32> = 0x1161..<0x1176
        private static let tails: Range<UInt32> = 0x11A8..<0x11C3
        private static let tailCount: UInt32 = 28
        private static let vowelTailCount: UInt32 = 21 * 28

        /// Appends the full canonical decomposition of `scalar`.
        mutating func append(_ scalar: UInt32) {
            if Self.syllables.contains(scalar) {
                let offset = scalar - Self.syllables.lowerBound
                add(Self.leads.lowerBound + offset / Self.vowelTailCount)
                add(Self.vowels.lowerBound + offset % Self.vowelTailCount / Self.tailCount)
                let tail = offset % Self.tailCount
                if tail > 0 { add(Self.tails.lowerBound - 1 + tail) }
                return
            }
            let step = UnicodeTables.decompositionTable.find(scalar, 0)
            guard step != UInt32PairMap.none else {
                add(scalar)
                return
            }
            append(UInt32(truncatingIfNeeded: step >> 32))
            let second = UInt32(truncatingIfNeeded: step)
            if second != 0 { append(second) }
        }

        private mutating func add(_ scalar: UInt32) {
            var combiningClass: UInt8 = 0
            if UnicodeTables.classes[Int(scalar)] & UnicodeTables.Class.combining != 0 {
                let found = UnicodeTables.combiningClassTable.find(scalar, 0)
                combiningClass = UInt8(truncatingIfNeeded: found >> 32)
            }
            scalars.append(scalar)
            classes.append(combiningClass)
        }

        /// Appends the composed segment to `out`, and clears it.
        mutating func compose(into out: inout [UInt8]) {
            order()
            composeInPlace()
            for scalar in scalars { UTF8Cursor.append(scalar, to: &out) }
            scalars.removeAll(keepingCapacity: true)
            classes.removeAll(keepingCapacity: true)
        }

        /// Sorts each run of combining marks by class, stably.
        private mutating func order() {
            var start = 0
            while start < classes.count {
                var end = start
                while end < classes.count, classes[end] != 0 { end += 1 }
                if end - start > 1 {
                    let order = (start..<end).sorted {
                        (classes[$0], $0) < (classes[$1], $1)
                    }
                    scalars.replaceSubrange(start..<end, with: order.map { scalars[$0] })
                    classes.replaceSubrange(start..<end, with: order.map { classes[$0] })
                }
                start = max(end, start) + 1
            }
        }

        /// Composes each scalar with the last starter if the pair composes and is not blocked.
        private mutating func composeInPlace() {
            var kept = 0
            var starter = -1
            var lastClass: UInt8 = 0
            for i in scalars.indices {
                let scalar = scalars[i]
                let combiningClass = classes[i]
                let isAdjacent = kept == starter + 1
                if starter >= 0, isAdjacent || lastClass != 0 && lastClass < combiningClass,
                    let composite = Self.composite(scalars[starter], scalar)
                {
                    scalars[starter] = composite
                    continue
                }
                if combiningClass == 0 { starter = kept }
                lastClass = combiningClass
                scalars[kept] = scalar
                kept += 1
            }
            scalars.removeSubrange(kept...)
        }

        private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
            if leads.contains(first), vowels.contains(second) {
                let lead = first - leads.lowerBound
                let vowel = second - vowels.lowerBound
                return syllables.lowerBound + lead * vowelTailCount + vowel * tailCount
            }
            if syllables.contains(first), tails.contains(second),
                (first - syllables.lowerBound) % tailCount == 0
            {
                return first + second - (tails.lowerBound - 1)
            }
            let found = UnicodeTables.compositionTable.find(first, second)
            return found == UInt32PairMap.none ? nil : UInt32(truncatingIfNeeded: found >> 32)
        }
    }
}
