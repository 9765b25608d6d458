// The symbols that a word consists of before anything is merged.

/// The rule that turns the bytes of a word into token ids to merge.
enum InitialSymbols: Sendable {
    /// One symbol for each byte, by value: byte-level models.
    case bytes([UInt32])
    /// One symbol for each scalar: SentencePiece-style models.
    case scalars(ScalarSymbols)

    /// Writes the symbols of the `count` bytes at `word`, at most `count` of them, to `out`.
    ///
    /// - Returns: the number of symbols.
    @inline(__always)
    func fill(
        _ out: UnsafeMutablePointer<UInt32>, _ word: UnsafePointer<UInt8>, count: Int
    ) -> Int {
        switch self {
        case .bytes(let ids):
            ids.withUnsafeBufferPointer { ids in
                for i in 0..<count { out[i] = ids[Int(word[i])] }
            }
            return count
        case .scalars(let symbols):
            return symbols.fill(out, word, count: count)
        }
    }
}

/// The symbols of scalars, with the rules for those that are no token.
struct ScalarSymbols: Sendable {
    /// Maps (scalar, 0) to (0, id).
    private let ids: UInt32PairMap
    /// The ids of `<0x00>` to `<0xFF>`, or `noID`; empty without `byte_fallback`.
    private let byteIDs: [UInt32]
    /// The id of `unk_token`.
    private let unknownID: UInt32?
    /// Whether neighbouring unknown scalars become one unknown token.
    private let fusesUnknown: Bool
    /// Whether some scalars have no symbol at all.
    let omitsUnknown: Bool

    /// Creates the symbols of a vocabulary.
    init(_ vocabulary: Vocabulary, _ settings: ModelSettings, file: String) throws {
        var entries: [(UInt32, UInt32, UInt32, UInt32)] = []
        for id in 0..<UInt32(vocabulary.count) {
            guard let scalar = UTF8Cursor.onlyScalar(vocabulary.utf8(id)) else { continue }
            entries.append((scalar, 0, 0, id))
        }
        ids = UInt32PairMap(entries)
        byteIDs =
            settings.usesByteFallback
            ? (0...255).map { vocabulary.id(of: Self.byteToken($0)) ?? Vocabulary.noID } : []
        fusesUnknown = settings.fusesUnknown
        unknownID = settings.unknownToken.flatMap { vocabulary.id(of: $0) }
        let isComplete = !byteIDs.isEmpty && !byteIDs.contains(Vocabulary.noID)
        omitsUnknown = unknownID == nil && !isComplete
        if let unknown = settings.unknownToken, omitsUnknown {
            throw TokenizerError.inconsistent(
                file: file, field: "model.unk_token",
                reason: "the token \(unknown) is not in the vocabulary")
        }
    }

    /// The token that stands for a byte.
    static func byteToken(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(byte < 16 ? "0" : "")\(digits)>"
    }

    /// Writes the symbols of a word and returns their number.
    ///
    /// As in the library, an unknown token is written only before the next known scalar or at the
    /// end, thus after the bytes of scalars that follow the unknown one. A scalar that has neither
    /// a token nor bytes is omitted if there is no unknown token.
    func fill(
        _ out: UnsafeMutablePointer<UInt32>, _ word: UnsafePointer<UInt8>, count: Int
    ) -> Int {
        var written = 0
        var isPending = false
        func write(_ id: UInt32) {
            out[written] = id
            written &+= 1
        }
        var at = 0
        while at < count {
            let (scalar, width) = UTF8Cursor.decode(word + at)
            let bytes = UnsafeBufferPointer(start: word + at, count: width)
            at &+= width
            let found = ids.find(scalar, 0)
            if found != UInt32PairMap.none {
                if isPending, let unknownID { write(unknownID) }
                isPending = false
                write(UInt32(truncatingIfNeeded: found))
            } else if hasTokens(bytes) {
                for byte in bytes { write(byteIDs[Int(byte)]) }
            } else if let unknownID {
                if isPending, !fusesUnknown { write(unknownID) }
                isPending = true
            }
        }
        if isPending, let unknownID { write(unknownID) }
        return written
    }

    private func hasTokens(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !byteIDs.isEmpty && bytes.allSatisfy { byteIDs[Int($0)] != Vocabulary.noID }
    }
}
