// The model's tokens as bytes: one arena, one span for each id, one hash index.

import MoCaSettings

/// The base vocabulary of `tokenizer.json`, without added tokens. Ids are 0 ..< `count`.
struct Vocabulary: Sendable {
    /// The range of a token's bytes in the arena.
    struct Span: Sendable {
        var start: UInt32
        var count: UInt32
    }

    /// The result of a failed lookup; no token has this id.
    static let noID = UInt32.max

    // The id bits of this value equal `noID`.
    private static let freeSlot = UInt64.max
    private static let tagMask: UInt64 = 0xFFFF_FFFF_0000_0000

    private let arena: [UInt8]
    private let spans: [Span]
    /// An open-addressing table over the hash of the bytes: some bits of the hash above the id.
    private let index: [UInt64]
    /// Tokens with a character outside the byte alphabet, by their UTF-8; no merge produces them.
    private let literals: [[UInt8]: UInt32]
    private let literalIDs: Set<UInt32>

    /// The number of tokens.
    var count: Int { spans.count }

    /// Reads the object `model.vocab` of `file`. Throws `JSONFault` or
    /// `TokenizerError.inconsistent`.
    init(_ scanner: inout JSONScanner, file: String) throws {
        var draft = Draft(file: file)
        try scanner.object { scanner, name in
            let start = UInt32(draft.arena.count)
            let isLiteral = try !draft.appendToken(name, scanner)
            let id = try scanner.integer()
            let span = Span(start: start, count: UInt32(draft.arena.count) - start)
            try draft.place(span, id: id, isLiteral: isLiteral, scanner)
        }
        guard draft.tokenCount == draft.spans.count, draft.tokenCount > 0 else {
            throw TokenizerError.inconsistent(
                file: file, field: "model.vocab",
                reason: "\(draft.tokenCount) tokens, ids up to \(draft.spans.count - 1)")
        }
        arena = draft.arena
        spans = draft.spans
        literals = draft.literals
        literalIDs = Set(draft.literals.values)
        index = try Self.makeIndex(draft, literalIDs: literalIDs, file: file)
    }

    private static func makeIndex(
        _ draft: Draft, literalIDs: Set<UInt32>, file: String
    ) throws -> [UInt64] {
        var capacity = 1024
        while capacity < draft.spans.count * 2 { capacity *= 2 }
        var index = [UInt64](repeating: freeSlot, count: capacity)
        try draft.arena.withUnsafeBufferPointer { arena in
            for (id, span) in draft.spans.enumerated() where !literalIDs.contains(UInt32(id)) {
                let bytes = arena[Int(span.start)..<Int(span.start + span.count)]
                let key = UnsafeBufferPointer(rebasing: bytes)
                let hash = hash(key)
                let at = slot(key, hash: hash, arena: arena, spans: draft.spans, index: index)
                guard index[at] == freeSlot else {
                    let token = JSON.quoted(ByteAlphabet.spelling(of: key))
                    throw TokenizerError.inconsistent(
                        file: file, field: "model.vocab", reason: "the token \(token) twice")
                }
                index[at] = hash & tagMask | UInt64(id)
            }
        }
        return index
    }

    /// FNV-1a with its upper half mixed into the lower one, which selects the slot.
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash ^ (hash >> 32)
    }

    /// The slot that contains `key`, or the free one for it.
    private static func slot(
        _ key: UnsafeBufferPointer<UInt8>, hash: UInt64, arena: UnsafeBufferPointer<UInt8>,
        spans: [Span], index: [UInt64]
    ) -> Int {
        var at = Int(truncatingIfNeeded: hash) & (index.count - 1)
        while index[at] != freeSlot {
            if (index[at] ^ hash) & tagMask == 0 {
                let span = spans[Int(UInt32(truncatingIfNeeded: index[at]))]
                let isEqual =
                    Int(span.count) == key.count
                    && key.indices.allSatisfy { key[$0] == arena[Int(span.start) + $0] }
                if isEqual { break }
            }
            at = (at + 1) & (index.count - 1)
        }
        return at
    }

    /// The id of the token with these bytes, or `noID`.
    func id(of key: UnsafeBufferPointer<UInt8>) -> UInt32 {
        arena.withUnsafeBufferPointer { arena in
            let hash = Self.hash(key)
            let at = Self.slot(key, hash: hash, arena: arena, spans: spans, index: index)
            return UInt32(truncatingIfNeeded: index[at])
        }
    }

    /// The id of the token spelled `token` in the file.
    func id(of token: String) -> UInt32? {
        guard let bytes = ByteAlphabet.bytes(of: token) else { return literals[Array(token.utf8)] }
        let found = bytes.withUnsafeBufferPointer { id(of: $0) }
        return found == Self.noID ? nil : found
    }

    /// The bytes that the token represents in text.
    func bytes(_ id: UInt32) -> ArraySlice<UInt8> {
        let span = spans[Int(id)]
        return arena[Int(span.start)..<Int(span.start + span.count)]
    }

    /// The token, spelled as in the file.
    func spelling(_ id: UInt32) -> String {
        let bytes = bytes(id)
        return literalIDs.contains(id)
            ? String(decoding: bytes, as: UTF8.self) : ByteAlphabet.spelling(of: bytes)
    }
}

extension Vocabulary {
    /// A vocabulary under construction.
    private struct Draft {
        /// The file's name in errors.
        let file: String
        var arena: [UInt8] = []
        var spans: [Span] = []
        var literals: [[UInt8]: UInt32] = [:]
        var tokenCount = 0

        /// Appends the bytes of a token. Returns false if the token is kept as a literal because it
        /// contains a character outside the byte alphabet.
        mutating func appendToken(_ text: JSONScanner.Text, _ scanner: JSONScanner) throws -> Bool {
            let start = arena.count
            if text.hasEscapes {
                let string = try scanner.string(text)
                if let bytes = ByteAlphabet.bytes(of: string) {
                    arena.append(contentsOf: bytes)
                    return true
                }
            } else {
                let utf8 = UnsafeBufferPointer(rebasing: scanner.bytes[text.start..<text.end])
                if ByteAlphabet.appendBytes(spelledBy: utf8, to: &arena) { return true }
            }
            arena.removeSubrange(start...)
            arena.append(contentsOf: try scanner.string(text).utf8)
            return false
        }

        /// Assigns an id to the token of `span`.
        mutating func place(
            _ span: Span, id: Int, isLiteral: Bool, _ scanner: JSONScanner
        ) throws {
            // A token takes more than one byte of the file, so a larger id would imply gaps.
            guard (0..<scanner.bytes.count).contains(id), arena.count < Int(UInt32.max) else {
                throw scanner.fault("the token id \(id) is out of range")
            }
            while spans.count <= id { spans.append(Span(start: .max, count: 0)) }
            guard spans[id].start == .max else {
                throw TokenizerError.inconsistent(
                    file: file, field: "model.vocab", reason: "two tokens have the id \(id)"
                )
            }
            spans[id] = span
            tokenCount += 1
            guard isLiteral else { return }
            let bytes = Array(arena[Int(span.start)...])
            guard literals.updateValue(UInt32(id), forKey: bytes) == nil else {
                throw TokenizerError.inconsistent(
                    file: file, field: "model.vocab",
                    reason:
                        "the token \(JSON.quoted(String(decoding: bytes, as: UTF8.self))) twice"
                )
            }
        }
    }
}
