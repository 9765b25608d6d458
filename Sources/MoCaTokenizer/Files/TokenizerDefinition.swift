// `tokenizer.json`, parsed and checked: every setting is either supported exactly or rejected by
// name.

import MoCaCore
import MoCaSettings

/// The contents of one `tokenizer.json`.
struct TokenizerDefinition: Sendable {
    /// The tokens of the model.
    let vocabulary: Vocabulary
    /// The merges that build tokens from bytes.
    let merges: Merges
    /// The added tokens.
    private(set) var addedTokens = AddedTokens()
    /// Whether text is normalised to NFC.
    let usesNFC: Bool
    /// The offset of the end of the array of added tokens; nil if the field is missing.
    let addedTokensEnd: Int?

    /// Reads the file, which errors call `file`. Throws a `TokenizerError`.
    ///
    /// `truncation` and `padding` are ignored: they are settings of a call, as in transformers.
    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
        do {
            try self.init(reading: bytes, file: file)
        } catch let fault as JSONFault {
            throw TokenizerError(fault, file: file)
        }
    }

    private init(reading bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
        let members = try Members(bytes, file: file)
        guard let model = members.model else {
            throw TokenizerError.missingField(file: file, field: "model")
        }
        let supported = SupportedFields()
        supported.check(model: model)
        usesNFC = supported.check(pipeline: members.others)
        try supported.finish(file: file)
        guard let vocabulary = members.vocabulary else {
            throw TokenizerError.missingField(file: file, field: "model.vocab")
        }
        guard var mergesScanner = members.mergesScanner else {
            throw TokenizerError.missingField(file: file, field: "model.merges")
        }
        self.vocabulary = vocabulary
        merges = try Merges(&mergesScanner, vocabulary: vocabulary, file: file)
        addedTokensEnd = members.addedTokensEnd
        try addTokens(members.others["added_tokens"] ?? .array([]), file: file)
    }

    private mutating func addTokens(_ list: JSON, file: String) throws {
        guard let entries = list.array else {
            let reason = "is \(list.summary), must be an array"
            throw TokenizerError.unsupported(
                file: file, problems: [SettingsProblem("added_tokens", reason)])
        }
        for (i, entry) in entries.enumerated() {
            let field = "added_tokens[\(i)]"
            guard let content = entry["content"]?.string else {
                throw TokenizerError.missingField(file: file, field: field + ".content")
            }
            guard let id = entry["id"]?.integer else {
                throw TokenizerError.missingField(file: file, field: field + ".id")
            }
            let known = addedTokens.token(content)?.id
            let expected = known ?? addedTokens.nextID(content, vocabulary)
            guard id == Int(expected) else {
                // The library would silently use the id that it expects.
                throw TokenizerError.inconsistent(
                    file: file, field: field,
                    reason: "\(JSON.quoted(content)) has the id \(id), expected \(expected)")
            }
            addedTokens.add(AddedToken(entry, content: content, id: expected))
        }
    }
}

extension TokenizerDefinition {
    /// The top level of the file. The vocabulary is read at once; the merges may precede it, so
    /// they are read later; everything else is kept as JSON values.
    private struct Members {
        private(set) var vocabulary: Vocabulary?
        /// A scanner positioned before the array of merges.
        private(set) var mergesScanner: JSONScanner?
        /// The members of `model` except these two; nil without a model.
        private(set) var model: JSON?
        /// The members of the file except `model`.
        private(set) var others = JSON.null
        /// The offset of the end of the array of added tokens; nil if the field is missing.
        private(set) var addedTokensEnd: Int?

        init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
            var scanner = JSONScanner(bytes)
            var members = JSONObject()
            try scanner.object { scanner, name in
                if scanner.isEqual(name, "model") {
                    try readModel(&scanner, file: file)
                } else {
                    try scanner.member(name, of: &members)
                    if scanner.isEqual(name, "added_tokens") {
                        addedTokensEnd = scanner.position - 1
                    }
                }
            }
            try scanner.end()
            others = .object(members)
        }

        private mutating func readModel(_ scanner: inout JSONScanner, file: String) throws {
            var members = JSONObject()
            try scanner.object { scanner, name in
                if scanner.isEqual(name, "vocab") {
                    vocabulary = try Vocabulary(&scanner, file: file)
                } else if scanner.isEqual(name, "merges") {
                    _ = try scanner.peek()
                    mergesScanner = scanner
                    try scanner.skipMerges()
                } else {
                    try scanner.member(name, of: &members)
                }
            }
            model = .object(members)
        }
    }
}

extension JSONScanner {
    /// Skips an array of strings or of arrays of strings.
    fileprivate mutating func skipMerges() throws {
        try array { scanner in
            if try scanner.peek() == UInt8(ascii: "[") {
                try scanner.array { _ = try $0.text() }
            } else {
                _ = try scanner.text()
            }
        }
    }
}
