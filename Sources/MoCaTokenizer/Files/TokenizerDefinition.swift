// `tokenizer.json`, read and checked: everything in it is done exactly or refused by name.

import MoCaSettings

/// The contents of one `tokenizer.json`.
struct TokenizerDefinition: Sendable {
    /// The tokens of the model.
    let vocabulary: Vocabulary
    /// How they are built from bytes.
    let merges: Merges
    /// The tokens beside the model.
    private(set) var addedTokens = AddedTokens()
    /// Whether text goes through NFC.
    let usesNFC: Bool
    /// Where the array of added tokens closes; nil without the field.
    let addedTokensEnd: Int?

    /// Reads the file that error messages call `file`; throws a `TokenizerError`.
    ///
    /// `truncation` and `padding` are left aside: they are settings of a call, as in transformers.
    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
        do {
            try self.init(reading: bytes, file: file)
        } catch let fault as JSONFault {
            throw TokenizerError(fault, file: file)
        }
    }

    private init(reading bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
        let members = try Members(bytes, file: file)
        let check = FieldCheck(file: file)
        try check.model(members.model)
        try check.pipeline(members.others)
        usesNFC = try check.usesNFC(members.others["normalizer"])
        guard let vocabulary = members.vocabulary else {
            throw TokenizerError.missingField(file: file, field: "model.vocab")
        }
        guard var mergesScanner = members.mergesScanner else {
            throw TokenizerError.missingField(file: file, field: "model.merges")
        }
        self.vocabulary = vocabulary
        merges = try Merges(&mergesScanner, vocabulary: vocabulary, file: file)
        let entries = members.others.member("added_tokens")
        addedTokensEnd = entries.map { $0.range.upperBound - 1 }
        try addTokens(entries?.value ?? .array([]), file: file)
    }

    private mutating func addTokens(_ entries: JSONTree, file: String) throws {
        guard let entries = entries.elements else {
            throw TokenizerError.unsupported(
                file: file, field: "added_tokens", found: entries.summary, supported: "an array")
        }
        for (i, entry) in entries.enumerated() {
            let field = "added_tokens[\(i)]"
            guard let content = entry["content"]?.string else {
                throw TokenizerError.missingField(file: file, field: field + ".content")
            }
            guard let id = entry["id"]?.int else {
                throw TokenizerError.missingField(file: file, field: field + ".id")
            }
            let known = addedTokens.token(content)?.id
            let expected = known ?? addedTokens.nextID(content, vocabulary)
            guard id == Int(expected) else {
                // The library would silently use the id it expects.
                throw TokenizerError.inconsistent(
                    file: file, field: field,
                    reason: "\(JSONTree.quoted(content)) has the id \(id), expected \(expected)")
            }
            addedTokens.add(AddedToken(entry, content: content, id: expected))
        }
    }
}

extension TokenizerDefinition {
    /// The top level of the file: the vocabulary read at once, the merges kept for afterwards, since
    /// they may stand before it; all else as trees.
    private struct Members {
        private(set) var vocabulary: Vocabulary?
        /// Stands before the array of merges.
        private(set) var mergesScanner: JSONScanner?
        /// The members of `model` but these two; nil without a model.
        private(set) var model: JSONTree?
        /// The members of the file but `model`.
        private(set) var others = JSONTree.null

        init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
            var scanner = JSONScanner(bytes)
            var members: [JSONTree.Member] = []
            try scanner.object { scanner, name in
                if scanner.isEqual(name, "model") {
                    try readModel(&scanner, file: file)
                } else {
                    try members.append(scanner.member(name))
                }
            }
            try scanner.end()
            others = .object(members)
        }

        private mutating func readModel(_ scanner: inout JSONScanner, file: String) throws {
            var members: [JSONTree.Member] = []
            try scanner.object { scanner, name in
                if scanner.isEqual(name, "vocab") {
                    vocabulary = try Vocabulary(&scanner, file: file)
                } else if scanner.isEqual(name, "merges") {
                    _ = try scanner.peek()
                    mergesScanner = scanner
                    try scanner.skipMerges()
                } else {
                    try members.append(scanner.member(name))
                }
            }
            model = .object(members)
        }
    }
}

extension JSONScanner {
    /// Consumes an array of strings or of arrays of strings.
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
