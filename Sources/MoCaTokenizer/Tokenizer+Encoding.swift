// Encoding of text into ids.

extension Tokenizer {
    /// The ids of `text`. Added tokens in it are recognised; no token is added before or after it.
    package func encode(_ text: String) -> [Int32] {
        encode(text) { _ in }
    }

    /// The ids of `text`, which must not contain an added token of `refused`, such as
    /// `visionTokenIDs`. Throws `TokenizerError.refusedToken` at the first one.
    package func encode(_ text: String, refusing refused: Set<Int32>) throws -> [Int32] {
        try encode(text) { token in
            if refused.contains(token.id) {
                throw TokenizerError.refusedToken(token: token.content)
            }
        }
    }

    /// The added tokens in `text`, in order.
    package func addedTokens(in text: String) -> [AddedToken] {
        var found: [AddedToken] = []
        _ = encode(text) { found.append($0) }
        return found
    }

    /// The ids of `text`; calls `visit` for each added token before appending its id.
    private func encode(
        _ text: String, visit: (AddedToken) throws -> Void
    ) rethrows -> [Int32] {
        var text = text
        return try text.withUTF8 { utf8 in
            try workspaces.withWorkspace { workspace in
                var ids: [Int32] = []
                ids.reserveCapacity(utf8.count / 3 + 4)
                for piece in rawMatcher.pieces(utf8) {
                    if let token = piece.token {
                        try visit(token)
                        ids.append(token.id)
                    } else {
                        let plain = UnsafeBufferPointer(rebasing: utf8[piece.range])
                        try encodePlain(plain, workspace, to: &ids, visit: visit)
                    }
                }
                return ids
            }
        }
    }

    /// Appends the ids of text between the added tokens that are matched in raw text.
    private func encodePlain(
        _ text: UnsafeBufferPointer<UInt8>, _ workspace: EncodingWorkspace,
        to ids: inout [Int32], visit: (AddedToken) throws -> Void
    ) rethrows {
        if definition.usesNFC, let first = CanonicalComposition.firstUnstable(text) {
            try CanonicalComposition.normalised(text, firstUnstable: first)
                .withUnsafeBufferPointer {
                    try encodeNormalised($0, workspace, to: &ids, visit: visit)
                }
        } else {
            try encodeNormalised(text, workspace, to: &ids, visit: visit)
        }
    }

    private func encodeNormalised(
        _ text: UnsafeBufferPointer<UInt8>, _ workspace: EncodingWorkspace,
        to ids: inout [Int32], visit: (AddedToken) throws -> Void
    ) rethrows {
        if normalisedMatcher.isEmpty {
            workspace.encode(text, to: &ids)
            return
        }
        for piece in normalisedMatcher.pieces(text) {
            if let token = piece.token {
                try visit(token)
                ids.append(token.id)
            } else {
                workspace.encode(UnsafeBufferPointer(rebasing: text[piece.range]), to: &ids)
            }
        }
    }
}
