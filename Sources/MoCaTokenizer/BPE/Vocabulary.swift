// The model's tokens: one arena of their UTF-8, one span for each id, one hash index.

import MoCaSettings

/// The base vocabulary of `tokenizer.json`, without added tokens. Ids are 0 ..< `count`; tokens are
/// spelled as in the file, those of a byte-level model in the byte alphabet.
struct Vocabulary: Sendable {
    /// The range of a token's UTF-8 in the arena.
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
    /// An open-addressing table over the hash of the UTF-8: some bits of the hash above the id.
    private let index: [UInt64]
    /// The length of the longest token in bytes of UTF-8.
    let longestCount: Int

    /// The number of tokens.
    var count: Int { spans.count }

    /// Reads the object `model.vocab` of `file`. Throws `JSONFault` or
    /// `TokenizerError.inconsistent`.
    init(_ scanner: inout JSONScanner, file: String) throws {
        var draft = Draft(file: file)
        try scanner.object { scanner, name in
            let start = UInt32(draft.arena.count)
            try draft.appendToken(name, scanner)
            let id = try scanner.integer()
            let span = Span(start: start, count: UInt32(draft.arena.count) - start)
            try draft.place(span, id: id, scanner)
        }
        guard draft.tokenCount == draft.spans.count, draft.tokenCount > 0 else {
            throw TokenizerError.inconsistent(
                file: file, field: "model.vocab",
                reason: "\(draft.tokenCount) tokens, ids up to \(draft.spans.count - 1)")
        }
        arena = draft.arena
        spans = draft.spans
        longestCount = Int(draft.spans.lazy.map(\.count).max() ?? 0)
        index = try Self.makeIndex(draft, file: file)
    }

    private static func makeIndex(_ draft: Draft, file: String) throws -> [UInt64] {
        var capacity = 1024
        while capacity < draft.spans.count * 2 { capacity *= 2 }
        var index = [UInt64](repeating: freeSlot, count: capacity)
        try draft.arena.withUnsafeBufferPointer { arena in
            for (id, span) in draft.spans.enumerated() {
                let bytes = arena[Int(span.start)..<Int(span.start + span.count)]
                let key = UnsafeBufferPointer(rebasing: bytes)
                let hash = hash(key)
                let at = slot(key, hash: hash, arena: arena, spans: draft.spans, index: index)
                guard index[at] == freeSlot else {
                    let token = JSON.quoted(String(decoding: key, as: UTF8.self))
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

    /// The id of the token with this UTF-8, or `noID`.
    func id(of key: UnsafeBufferPointer<UInt8>) -> UInt32 {
        guard key.count <= longestCount else { return Self.noID }
        return arena.withUnsafeBufferPointer { arena in
            let hash = Self.hash(key)
            let at = Self.slot(key, hash: hash, arena: arena, spans: spans, index: index)
            return UInt32(truncatingIfNeeded: index[at])
        }
    }

    /// The id of the token spelled `token` in the file.
    func id(of token: String) -> UInt32? {
        var token = token
        let found = token.withUTF8 { id(of: $0) }
        return found == Self.noID ? nil : found
    }

    /// The UTF-8 of the token, spelled as in the file; `id` must be less than `count`.
    func utf8(_ id: UInt32) -> ArraySlice<UInt8> {
        let span = spans[Int(id)]
        return arena[Int(span.start)..<Int(span.start + span.count)]
    }
}

extension Vocabulary {
    /// A vocabulary under construction.
    private struct Draft {
        /// The file's name in errors.
        let file: String
        var arena: [UInt8] = []
        var spans: [Span] = []
        var tokenCount = 0

        /// Appends the UTF-8 of a token.
        mutating func appendToken(_ text: JSONScanner.Text, _ scanner: JSONScanner) throws {
            if text.hasEscapes {
                arena.append(contentsOf: try scanner.string(text).utf8)
            } else {
                arena.append(contentsOf: scanner.bytes[text.start..<text.end])
            }
        }

        /// Assigns an id to the token of `span`.
        mutating func place(_ span: Span, id: Int, _ scanner: JSONScanner) throws {
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
        }
    }
}
