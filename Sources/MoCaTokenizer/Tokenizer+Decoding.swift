// Decoding of ids into text, and properties of single tokens.

extension Tokenizer {
    /// The text of `ids`. Bytes that are not valid UTF-8 become U+FFFD; unknown ids are skipped.
    ///
    /// `skipSpecialTokens` omits the added tokens that are flagged as special.
    package func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool = false) -> String {
        definition.decoder.text(
            ids.compactMap { id in
                if let token = added.token(id) {
                    return skipSpecialTokens && token.isSpecial
                        ? nil : ArraySlice(token.content.utf8)
                }
                guard id >= 0, Int(id) < definition.vocabulary.count else { return nil }
                return definition.vocabulary.utf8(UInt32(id))
            })
    }

    /// The added tokens, in the order in which they were added.
    package var addedTokens: [AddedToken] { added.tokens }

    /// The number of tokens including added ones, equal to transformers' `len(tokenizer)`.
    package var vocabularySize: Int {
        let baseCount = definition.vocabulary.count
        return baseCount + added.tokens.count { Int($0.id) >= baseCount }
    }

    /// The id of a token, spelled as in the file; nil if there is no such token.
    package func id(of token: String) -> Int32? {
        added.token(token)?.id ?? definition.vocabulary.id(of: token).map { Int32($0) }
    }

    /// The token of an id, spelled as in the file; nil if there is no such id.
    package func token(_ id: Int32) -> String? {
        if let token = added.token(id) { return token.content }
        guard id >= 0, Int(id) < definition.vocabulary.count else { return nil }
        return String(decoding: definition.vocabulary.utf8(UInt32(id)), as: UTF8.self)
    }

    /// The ids that masking excludes: transformers' `all_special_ids`, in its order.
    package var specialTokenIDs: [Int32] {
        configuration.specialTokens.compactMap { id(of: $0) }
    }

    /// The ids of Qwen2.5-VL's image and video marker tokens that this tokenizer contains.
    package var visionTokenIDs: Set<Int32> {
        let tokens = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
        return Set(tokens.compactMap { added.token($0)?.id })
    }

    /// The id of `configuration.eosToken`.
    package var eosTokenID: Int32? { configuration.eosToken.flatMap { id(of: $0) } }
    /// The id of `configuration.maskToken`.
    package var maskTokenID: Int32? { configuration.maskToken.flatMap { id(of: $0) } }
}
