// `model.merges`: the pairs of tokens that are merged, and their priority.

import MoCaSettings

/// The merges of a byte-pair encoding.
struct Merges: Sendable {
    /// Maps (left id, right id) to (rank, merged id); a lower rank is merged first.
    let table: UInt32PairMap
    /// Whether a merge puts a token that starts with `WordMark.space` after one that does not end
    /// with it.
    let crossSpaces: Bool

    /// Reads the array `model.merges`; its elements are all `["a", "b"]` or all `"a b"`. Throws
    /// `JSONFault` or `TokenizerError.inconsistent`.
    init(_ scanner: inout JSONScanner, vocabulary: Vocabulary, file: String) throws {
        var reader = Reader(vocabulary: vocabulary, file: file)
        try scanner.array { scanner in
            if try scanner.peek() == UInt8(ascii: "[") {
                try reader.readPair(&scanner)
            } else {
                try reader.readLine(&scanner)
            }
        }
        guard !(reader.hasPairs && reader.hasLines) else {
            throw TokenizerError.inconsistent(
                file: file, field: "model.merges", reason: "pairs and strings are mixed")
        }
        table = UInt32PairMap(reader.entries)
        crossSpaces = reader.crossSpaces
    }
}

extension Merges {
    /// The merges read so far.
    private struct Reader {
        let vocabulary: Vocabulary
        /// The file's name in errors.
        let file: String
        var entries: [(UInt32, UInt32, UInt32, UInt32)] = []
        var hasPairs = false
        var hasLines = false
        var crossSpaces = false
        /// The UTF-8 of both tokens of the current merge.
        private var bytes: [UInt8] = []

        init(vocabulary: Vocabulary, file: String) {
            self.vocabulary = vocabulary
            self.file = file
        }

        /// Reads a merge of the form `["a", "b"]`.
        mutating func readPair(_ scanner: inout JSONScanner) throws {
            hasPairs = true
            try scanner.expect(UInt8(ascii: "["), "a pair")
            let left = try scanner.text()
            try scanner.expect(UInt8(ascii: ","), "','")
            let right = try scanner.text()
            try scanner.expect(UInt8(ascii: "]"), "']'")
            bytes.removeAll(keepingCapacity: true)
            try append(left, scanner)
            let middle = bytes.count
            try append(right, scanner)
            try add(middle: middle)
        }

        /// Reads a merge of the form `"a b"`; a `#version` line is skipped, as in `merges.txt`.
        mutating func readLine(_ scanner: inout JSONScanner) throws {
            hasLines = true
            let text = try scanner.text()
            bytes.removeAll(keepingCapacity: true)
            try append(text, scanner)
            if bytes.starts(with: "#version".utf8) { return }
            guard let space = bytes.firstIndex(of: 0x20),
                !bytes[(space + 1)...].contains(0x20)
            else {
                throw scanner.fault("a merge without exactly one space", at: text.start)
            }
            bytes.remove(at: space)
            try add(middle: space)
        }

        private mutating func append(_ text: JSONScanner.Text, _ scanner: JSONScanner) throws {
            if text.hasEscapes {
                bytes.append(contentsOf: try scanner.string(text).utf8)
            } else {
                bytes.append(contentsOf: scanner.bytes[text.start..<text.end])
            }
        }

        /// Adds the merge of `bytes[..<middle]` and the remaining bytes.
        private mutating func add(middle: Int) throws {
            let (left, right, both) = bytes.withUnsafeBufferPointer { bytes in
                (
                    vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<middle])),
                    vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[middle...])),
                    vocabulary.id(of: bytes)
                )
            }
            for (id, part) in [
                (left, bytes[..<middle]), (right, bytes[middle...]), (both, bytes[...]),
            ]
            where id == Vocabulary.noID {
                let token = JSON.quoted(String(decoding: part, as: UTF8.self))
                throw TokenizerError.inconsistent(
                    file: file, field: "model.merges[\(entries.count)]",
                    reason: "the token \(token) is not in the vocabulary")
            }
            if !crossSpaces, bytes[middle...].starts(with: WordMark.space) {
                crossSpaces = !bytes[..<middle].reversed().starts(with: WordMark.space.reversed())
            }
            entries.append((left, right, UInt32(entries.count), both))
        }
    }
}
