// All added tokens of a tokenizer, with the ids assigned by the `tokenizers` library.

/// The added tokens, in the order in which they were added.
struct AddedTokens: Sendable {
    /// All tokens, with non-decreasing ids.
    private(set) var tokens: [AddedToken] = []
    // Keyed by UTF-8, because `String` compares canonically equivalent texts as equal.
    private var byContent: [[UInt8]: Int] = [:]
    private var byID: [Int32: Int] = [:]
    private var greatestID: Int32 = -1

    /// The id that the library would assign to `content`: that of the model, else the next free
    /// one.
    func nextID(_ content: String, _ vocabulary: Vocabulary) -> Int32 {
        if let id = vocabulary.id(of: content) { return Int32(id) }
        return max(Int32(vocabulary.count), greatestID + 1)
    }

    /// Adds a token, unless its content is empty or already present.
    mutating func add(_ token: AddedToken) {
        let key = Array(token.content.utf8)
        guard !key.isEmpty, byContent[key] == nil else { return }
        byContent[key] = tokens.count
        byID[token.id] = tokens.count
        greatestID = max(greatestID, token.id)
        tokens.append(token)
    }

    /// The token with this content.
    func token(_ content: String) -> AddedToken? {
        byContent[Array(content.utf8)].map { tokens[$0] }
    }

    /// The token with this id.
    func token(_ id: Int32) -> AddedToken? {
        byID[id].map { tokens[$0] }
    }
}
