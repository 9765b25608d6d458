// `tokenizer.json`, parsed and checked: every setting is either supported exactly or rejected by
// name.

import MoCaCore
import MoCaSettings

/// The contents of one `tokenizer.json`: the stages of encoding in order, and the decoder.
struct TokenizerDefinition: Sendable {
    /// The changes of text before it is split.
    let normaliser: Normaliser
    /// The rule that splits text into words.
    let splitter: Splitter
    /// The model that turns words into ids.
    let model: BytePairModel
    /// The special tokens around the ids of a text.
    let template: SpecialTokenTemplate
    /// The rule that turns tokens into text.
    let decoder: TokenDecoder
    /// The added tokens.
    private(set) var addedTokens = AddedTokens()
    /// The offset of the end of the array of added tokens; nil if the field is missing.
    let addedTokensEnd: Int?

    /// The tokens of the model.
    var vocabulary: Vocabulary { model.vocabulary }

    /// The class of transformers for a file that names none; nil if there is no obvious one.
    var defaultClass: String? {
        if case .pattern(.single) = splitter { "Qwen2Tokenizer" } else { nil }
    }

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
        let context = SettingsContext(.json)
        let modelSection = Section(model, path: "model", context)
        let settings = ModelSettings(modelSection)
        let isKnown = context.problems.isEmpty
        if isKnown, members.vocabulary == nil || members.mergesScanner == nil {
            let field = members.vocabulary == nil ? "vocab" : "merges"
            throw TokenizerError.missingField(file: file, field: "model.\(field)")
        }
        let stages = Section(members.others, context)
        for key in ["truncation", "padding", "added_tokens"] { _ = stages[key] }
        StageReader.require(stages, "version", .string("1.0"), default: .string("1.0"))
        normaliser = Normaliser(stages)
        splitter = Splitter(stages)
        template = SpecialTokenTemplate(stages)
        decoder = TokenDecoder(stages)
        // Another type of model has keys of its own.
        if isKnown { modelSection.finish() }
        stages.finish()
        if splitter.dependsOnStart, !normaliser.keepsStart {
            context.add(
                "pre_tokenizer.prepend_scheme",
                "is \"first\", must be another one with this normalizer")
        }
        guard context.problems.isEmpty, let vocabulary = members.vocabulary,
            let mergesScanner = members.mergesScanner
        else {
            throw TokenizerError.unsupported(file: file, problems: context.problems)
        }
        self.model = try BytePairModel(
            settings, vocabulary: vocabulary, merges: mergesScanner,
            isByteLevel: splitter.isByteLevel, file: file)
        addedTokensEnd = members.addedTokensEnd
        try addTokens(members.others["added_tokens"] ?? .array([]), file: file)
        try checkTemplate(file: file)
    }

    /// Checks that the ids of the template are tokens.
    private func checkTemplate(file: String) throws {
        for id in template.prefix + template.suffix where token(id) == nil {
            throw TokenizerError.inconsistent(
                file: file, field: "post_processor", reason: "no token has the id \(id)")
        }
    }

    /// The UTF-8 of the token of an id, spelled as in the file; nil if there is no such id.
    private func token(_ id: Int32) -> ArraySlice<UInt8>? {
        if let token = addedTokens.token(id) { return ArraySlice(token.content.utf8) }
        return id >= 0 && Int(id) < vocabulary.count ? vocabulary.utf8(UInt32(id)) : nil
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
                if scanner.isEqual(name, "vocab"), try scanner.peek() == UInt8(ascii: "{") {
                    vocabulary = try Vocabulary(&scanner, file: file)
                } else if scanner.isEqual(name, "merges"), try scanner.peek() == UInt8(ascii: "[") {
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
