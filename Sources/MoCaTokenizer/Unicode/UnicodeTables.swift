// Properties of scalars for the split rule and NFC, as lookup tables.

/// Unicode tables measured from the `tokenizers` library by scripts/make/unicode-tables.py. The
/// generated data is in the extensions.
enum UnicodeTables {
    /// The class of a scalar in the split rule: the low bits of an entry of `classes`.
    enum Class {
        /// No other class.
        static let other: UInt8 = 0
        /// Letters, `\p{L}`.
        static let letter: UInt8 = 1
        /// Numbers, `\p{N}`.
        static let number: UInt8 = 2
        /// Spaces, `\s`, except line ends.
        static let space: UInt8 = 3
        /// Line ends, `[\r\n]`.
        static let lineEnd: UInt8 = 4
        /// The mask of the class bits.
        static let mask: UInt8 = 7
        /// A flag for scalars at which text may change under NFC.
        static let unstable: UInt8 = 8
        /// A flag for a combining class other than 0.
        static let combining: UInt8 = 16
    }

    /// The class and flags of every scalar up to U+10FFFF.
    nonisolated(unsafe) static let classes: UnsafePointer<UInt8> = {
        // Never freed, because it is used until the process exits.
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 0x110000)
        table.initialize(repeating: Class.other, count: 0x110000)
        func mark(_ ranges: [UInt32], stride step: Int = 2, with bits: UInt8) {
            for i in stride(from: 0, to: ranges.count, by: step) {
                for scalar in ranges[i]..<ranges[i + 1] { table[Int(scalar)] |= bits }
            }
        }
        mark(letters, with: Class.letter)
        mark(numbers, with: Class.number)
        mark(spaces, with: Class.space)
        mark(unstable, with: Class.unstable)
        mark(combiningClasses, stride: 3, with: Class.combining)
        table[0x0A] = Class.lineEnd
        table[0x0D] = Class.lineEnd
        return UnsafePointer(table)
    }()

    /// Maps (scalar, 0) to one canonical step (first, second, or 0 for a singleton), without
    /// Hangul.
    static let decompositionTable = UInt32PairMap(
        triples(composites) + triples(decompositions))
    /// Maps (first, second) to (composite, 0), without Hangul.
    static let compositionTable = UInt32PairMap(
        triples(composites).map { ($0.2, $0.3, $0.0, 0) })
    /// Maps (scalar, 0) to (combining class, 0) where the class is not 0.
    static let combiningClassTable = UInt32PairMap(
        stride(from: 0, to: combiningClasses.count, by: 3).flatMap { i in
            (combiningClasses[i]..<combiningClasses[i + 1]).map {
                ($0, 0, combiningClasses[i + 2], 0)
            }
        })

    private static func triples(_ numbers: [UInt32]) -> [(UInt32, UInt32, UInt32, UInt32)] {
        stride(from: 0, to: numbers.count, by: 3).map { i in
            (numbers[i], 0, numbers[i + 1], numbers[i + 2])
        }
    }

    /// Whether sorted half-open `ranges` contain `scalar`.
    static func contains(_ scalar: UInt32, in ranges: [UInt32]) -> Bool {
        // Inside a range, an odd number of bounds is at or below the scalar.
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        return low % 2 == 1
    }
}
