// Encoding of text into ids.

extension Tokenizer {
    /// The ids of `text`. Added tokens in it are recognised.
    ///
    /// The file decides whether a space is put before a text, often only at the start of the input:
    /// a prompt is encoded as a whole, including its added tokens, to get the ids of the library.
    ///
    /// - Parameter addingSpecialTokens: whether to add `specialTokenPrefix` and
    ///   `specialTokenSuffix`, as the library does by default.
    package func encode(_ text: String, addingSpecialTokens: Bool = false) -> [Int32] {
        encode(text, startsInput: true, addingSpecialTokens: addingSpecialTokens) { _ in }
    }

    /// The ids of `text`, which must not contain an added token of `refused`, such as
    /// `visionTokenIDs`. Throws `TokenizerError.refusedToken` at the first one.
    ///
    /// - Parameter startsInput: whether the text is at the start of the input; false for a text
    ///   behind an added token.
    package func encode(
        _ text: String, startsInput: Bool = true, addingSpecialTokens: Bool = false,
        refusing refused: Set<Int32>
    ) throws -> [Int32] {
        try encode(
            text, startsInput: startsInput, addingSpecialTokens: addingSpecialTokens
        ) { token in
            if refused.contains(token.id) {
                throw TokenizerError.refusedToken(token: token.content)
            }
        }
    }

    /// The added tokens in `text`, in order.
    package func addedTokens(in text: String) -> [AddedToken] {
        var found: [AddedToken] = []
        _ = encode(text, startsInput: true, addingSpecialTokens: false) { found.append($0) }
        return found
    }

    /// The special tokens that the file's `post_processor` puts before the ids of a text.
    package var specialTokenPrefix: [Int32] { definition.template.prefix }

    /// The special tokens that the file's `post_processor` puts after the ids of a text.
    package var specialTokenSuffix: [Int32] { definition.template.suffix }

    /// The ids of `text`; calls `visit` for each added token before appending its id.
    private func encode(
        _ text: String, startsInput: Bool, addingSpecialTokens: Bool,
        visit: (AddedToken) throws -> Void
    ) rethrows -> [Int32] {
        var text = text
        return try text.withUTF8 { utf8 in
            try workspaces.withWorkspace { workspace in
                var ids: [Int32] = []
                ids.reserveCapacity(utf8.count / 3 + 4)
                if addingSpecialTokens { ids += specialTokenPrefix }
                try encodeRaw(
                    utf8, startsInput: startsInput, workspace, to: &ids, visit: visit)
                if addingSpecialTokens { ids += specialTokenSuffix }
                return ids
            }
        }
    }

    /// Appends the ids of a whole text.
    private func encodeRaw(
        _ text: UnsafeBufferPointer<UInt8>, startsInput: Bool, _ workspace: EncodingWorkspace,
        to ids: inout [Int32], visit: (AddedToken) throws -> Void
    ) rethrows {
        for piece in rawMatcher.pieces(text) {
            if let token = piece.token {
                try visit(token)
                ids.append(token.id)
                continue
            }
            let isFirst = startsInput && piece.range.lowerBound == 0
            let plain = UnsafeBufferPointer(rebasing: text[piece.range])
            try definition.normaliser.withNormalised(plain) {
                try encodeNormalised($0, isFirst: isFirst, workspace, to: &ids, visit: visit)
            }
        }
    }

    /// Appends the ids of normalised text between the added tokens that are matched in raw text.
    private func encodeNormalised(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ workspace: EncodingWorkspace,
        to ids: inout [Int32], visit: (AddedToken) throws -> Void
    ) rethrows {
        if normalisedMatcher.isEmpty {
            workspace.encode(text, isFirst: isFirst, to: &ids)
            return
        }
        for piece in normalisedMatcher.pieces(text) {
            if let token = piece.token {
                try visit(token)
                ids.append(token.id)
            } else {
                workspace.encode(
                    UnsafeBufferPointer(rebasing: text[piece.range]),
                    isFirst: isFirst && piece.range.lowerBound == 0, to: &ids)
            }
        }
    }
}
