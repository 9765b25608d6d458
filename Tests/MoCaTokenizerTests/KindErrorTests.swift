// Settings of `tokenizer.json` that would change ids and are not supported.

import Foundation
import MoCaCore
import MoCaTokenizer
import Testing

@Suite struct KindErrorTests {
    /// A value put into a kind's file, and words that the error must hold.
    struct Edit: Sendable, CustomTestStringConvertible {
        let kind: String
        /// The keys, and indices of lists, that lead to the value.
        let path: [String]
        /// The value as JSON; nil removes the key.
        let value: String?
        let words: [String]
        var testDescription: String { "\(path.joined(separator: ".")) = \(value ?? "nothing")" }

        init(_ kind: String, _ path: String, _ value: String?, _ words: String...) {
            self.kind = kind
            self.path = path.split(separator: ".").map { String($0) }
            self.value = value
            self.words = words
        }
    }

    static let edits: [Edit] = [
        Edit("llama3", "version", #""2.0""#, "version is \"2.0\""),
        Edit("llama3", "extra", "1", "extra is unknown"),
        Edit("llama3", "model.type", #""WordPiece""#, "model.type is \"WordPiece\""),
        Edit("llama3", "model.extra", "1", "model.extra is unknown"),
        Edit("llama3", "model.ignore_merges", "3", "model.ignore_merges is 3"),
        Edit("llama3", "model.continuing_subword_prefix", #""@""#, "continuing_subword_prefix"),
        Edit("unknown-single", "model.unk_token", #""<?>""#, "model.unk_token", "<?>"),
        Edit("llama3", "normalizer", #"{"type": "NFKC"}"#, "normalizer.type", "NFKC"),
        Edit("llama3", "normalizer", #"{"form": "NFC"}"#, "normalizer.type is missing"),
        Edit("llama3", "normalizer", #"{"type": "NFC", "form": 1}"#, "normalizer.form is unknown"),
        Edit(
            "phi3", "normalizer.normalizers.1.pattern", #"{"Regex": " +"}"#,
            "normalizer.normalizers[1].pattern.Regex"),
        Edit(
            "phi3", "normalizer.normalizers.1.pattern", #"{"String": ""}"#,
            "normalizer.normalizers[1].pattern.String is empty"),
        Edit(
            "phi3", "normalizer.normalizers.0.prepend", nil,
            "normalizer.normalizers[0].prepend is missing"),
        Edit(
            "llama3", "pre_tokenizer.pretokenizers.0.pattern", #"{"String": " "}"#,
            "pre_tokenizer.pretokenizers[0].pattern", "Llama 3"),
        Edit(
            "llama3", "pre_tokenizer", #"{"type": "Whitespace"}"#, "pre_tokenizer.type",
            "Whitespace"),
        Edit(
            "llama3", "pre_tokenizer", #"{"type": "ByteLevel"}"#, "pre_tokenizer is ByteLevel",
            "must be null"),
        Edit(
            "llava-metaspace", "pre_tokenizer.prepend_scheme", #""last""#,
            "pre_tokenizer.prepend_scheme", "last"),
        Edit(
            "llava-metaspace", "pre_tokenizer.replacement", #""__""#,
            "pre_tokenizer.replacement", "__"),
        Edit(
            "llava-metaspace", "pre_tokenizer.add_prefix_space", "false",
            "pre_tokenizer.add_prefix_space is false"),
        Edit(
            "llava-metaspace", "normalizer",
            #"{"type": "Replace", "pattern": {"String": "ab"}, "content": "c"}"#,
            "pre_tokenizer.prepend_scheme is \"first\""),
        Edit(
            "flags-metaspace-8", "normalizer", #"{"type": "NFC"}"#,
            "pre_tokenizer.prepend_scheme is \"first\"", "<t>"),
        Edit(
            "phi3", "post_processor", #"{"type": "BertProcessing", "sep": ["a", 1]}"#,
            "post_processor.type", "BertProcessing"),
        Edit("phi3", "post_processor.single", nil, "post_processor.single is missing"),
        Edit(
            "phi3", "post_processor.single",
            #"[{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}]"#,
            "post_processor.single has the text 2 times"),
        Edit("phi3", "post_processor.single", #"[{"Sequence": {"id": "B"}}]"#, "Sequence A"),
        Edit("phi3", "post_processor.special_tokens", "{}", "post_processor.special_tokens", "<s>"),
        Edit(
            "phi3", "post_processor.special_tokens.<s>.ids", "[77777]", "post_processor", "77777"),
        Edit("phi3", "decoder.decoders.1", #"{"type": "CTC"}"#, "decoder.decoders[1].type", "CTC"),
        Edit(
            "phi3", "decoder.decoders.3.start", "-1", "decoder.decoders[3].start", "-1"),
        Edit(
            "phi3", "decoder.decoders.0.pattern", #"{"Regex": "x"}"#,
            "decoder.decoders[0].pattern.Regex"),
    ]

    @Test(arguments: edits) func unsupportedSettingsAreNamed(_ edit: Edit) throws {
        let value = try edit.value.map {
            try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
        let definition = try KindFixtures.definition(edit.kind) { file in
            file = Self.setting(file, edit.path[...], value) as? [String: Any] ?? [:]
        }
        let folder = try TokenizerFixtures.makeFolder(definition: definition)
        let error = #expect(throws: TokenizerError.self) {
            _ = try Tokenizer(contentsOf: folder).vocabularySize
        }
        let line = try #require(error).oneLine
        for word in edit.words + ["tokenizer.json"] { #expect(line.contains(word), "\(line)") }
    }

    /// `tree` with the value at a path.
    private static func setting(_ tree: Any, _ path: ArraySlice<String>, _ value: Any?) -> Any? {
        guard let key = path.first else { return value }
        if var list = tree as? [Any], let index = Int(key) {
            list[index] = setting(list[index], path.dropFirst(), value) as Any
            return list
        }
        var object = tree as? [String: Any] ?? [:]
        object[key] = setting(object[key] as Any, path.dropFirst(), value)
        return object
    }

    /// Its vocabulary is a list, which must not be reported as malformed.
    @Test func anotherTypeOfModelIsNamed() throws {
        let text = #"{"version": "1.0", "model": {"type": "Unigram", "vocab": [["a", -1.5]]}}"#
        let folder = try TokenizerFixtures.makeFolder(definition: Data(text.utf8))
        let error = #expect(throws: TokenizerError.self) {
            _ = try Tokenizer(contentsOf: folder).vocabularySize
        }
        #expect(try #require(error).oneLine.contains("model.type is \"Unigram\", must be"))
    }

    @Test func aByteLevelModelNeedsEveryByte() throws {
        let definition = try KindFixtures.definition("llama3")
        let text = String(decoding: definition, as: UTF8.self)
            .replacingOccurrences(of: #""vocab": {"!": 0"#, with: #""vocab": {"!!!!!": 0"#)
        let folder = try TokenizerFixtures.makeFolder(definition: Data(text.utf8))
        let error = #expect(throws: TokenizerError.self) {
            _ = try Tokenizer(contentsOf: folder).vocabularySize
        }
        #expect(try #require(error).oneLine.contains("no token for the byte 33"))
    }

    @Test func aFolderWithoutConfigurationGetsNoTokensOfQwen() throws {
        let tokenizer = try KindFixtures.tokenizer("phi3")
        #expect(tokenizer.specialTokenIDs.isEmpty)
        let llama = try TokenizerFixtures.makeFolder(
            definition: KindFixtures.definition("phi3"),
            configuration: Data(#"{"tokenizer_class": "LlamaTokenizer"}"#.utf8))
        #expect(try Tokenizer(contentsOf: llama).specialTokenIDs == [1, 2, 0])
    }
}
