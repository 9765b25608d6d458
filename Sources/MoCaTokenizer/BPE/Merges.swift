// `model.merges`: the pairs of tokens that are merged, and their priority.

import MoCaSettings

/// The merges of a byte-pair encoding and the ids of the 256 single bytes.
struct Merges: Sendable {
    /// Maps (left id, right id) to (rank, merged id); a lower rank is merged first.
    let table: UInt32PairMap
    /// The id of each byte.
    let byteIDs: [UInt32]

    /// Reads the array `model.merges`; its elements are all `["a", "b"]` or all `"a b"`. Throws
    /// `JSONFault` or `TokenizerError.inconsistent`.
    init(_ scanner: inout JSONScanner, vocabulary: Vocabulary, file: String) throws {
        byteIDs = try Self.byteIDs(vocabulary, file: file)
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
    }

    private static func byteIDs(_ vocabulary: Vocabulary, file: String) throws -> [UInt32] {
        try (0..<256).map { byte in
            let id = withUnsafeBytes(of: UInt8(byte)) {
                vocabulary.id(of: $0.assumingMemoryBound(to: UInt8.self))
            }
            guard id != Vocabulary.noID else {
                throw TokenizerError.inconsistent(
                    file: file, field: "model.vocab", reason: "no token for the byte \(byte)")
            }
            return id
        }
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
        /// The bytes of both tokens of the current merge.
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
            try add(middle: middle, scanner)
        }

        /// Reads a merge of the form `"a b"`; a `#version` line is skipped, as in `merges.txt`.
        mutating func readLine(_ scanner: inout JSONScanner) throws {
            hasLines = true
            let text = try scanner.text()
            let line = text.hasEscapes ? Array(try scanner.string(text).utf8) : []
            func parse(_ utf8: UnsafeBufferPointer<UInt8>) throws {
                if utf8.starts(with: "#version".utf8) { return }
                guard let space = utf8.firstIndex(of: 0x20) else {
                    throw scanner.fault("a merge without a space", at: text.start)
                }
                bytes.removeAll(keepingCapacity: true)
                try append(UnsafeBufferPointer(rebasing: utf8[..<space]), scanner)
                let middle = bytes.count
                try append(UnsafeBufferPointer(rebasing: utf8[(space + 1)...]), scanner)
                try add(middle: middle, scanner)
            }
            if text.hasEscapes {
                try line.withUnsafeBufferPointer(parse)
            } else {
                try parse(UnsafeBufferPointer(rebasing: scanner.bytes[text.start..<text.end]))
            }
        }

        private mutating func append(_ text: JSONScanner.Text, _ scanner: JSONScanner) throws {
            if text.hasEscapes {
                try Array(scanner.string(text).utf8).withUnsafeBufferPointer {
                    try append($0, scanner)
                }
            } else {
                try append(
                    UnsafeBufferPointer(rebasing: scanner.bytes[text.start..<text.end]), scanner)
            }
        }

        /// Appends the bytes that the token `utf8` spells.
        private mutating func append(
            _ utf8: UnsafeBufferPointer<UInt8>, _ scanner: JSONScanner
        ) throws {
            guard ByteAlphabet.appendBytes(spelledBy: utf8, to: &bytes) else {
                throw TokenizerError.inconsistent(
                    file: file, field: "model.merges[\(entries.count)]",
                    reason:
                        "\(JSON.quoted(String(decoding: utf8, as: UTF8.self))) is no token of bytes"
                )
            }
        }

        /// Adds the merge of `bytes[..<middle]` and the remaining bytes.
        private mutating func add(middle: Int, _ scanner: JSONScanner) throws {
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
                let token = JSON.quoted(ByteAlphabet.spelling(of: part))
                throw TokenizerError.inconsistent(
                    file: file, field: "model.merges[\(entries.count)]",
                    reason: "the token \(token) is not in the vocabulary")
            }
            entries.append((left, right, UInt32(entries.count), both))
        }
    }
}
