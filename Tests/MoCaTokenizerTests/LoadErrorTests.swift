// Files that must not load: unsupported, contradictory, damaged.

import Foundation
import MoCaCore
import MoCaTokenizer
import Testing

@Suite struct LoadErrorTests {
    /// A change of the mini vocabulary's file, and words that the error must hold.
    struct Edit: Sendable, CustomTestStringConvertible {
        let find: String
        let replace: String
        let words: [String]
        var testDescription: String { "\(find) -> \(replace)" }

        init(_ find: String, _ replace: String, _ words: String...) {
            self.find = find
            self.replace = replace
            self.words = words
        }
    }

    static let edits: [Edit] = [
        Edit(#""type": "BPE""#, #""type": "Unigram""#, "model.type", "Unigram"),
        Edit(#""dropout": null"#, #""dropout": 0.1"#, "model.dropout", "0.1"),
        Edit(#""byte_fallback": false"#, #""byte_fallback": "yes""#, "model.byte_fallback"),
        Edit(#""ignore_merges": false"#, #""ignore_merge": true"#, "model.ignore_merge is unknown"),
        Edit(
            #""end_of_word_suffix": """#, #""end_of_word_suffix": "</w>""#,
            "model.end_of_word_suffix", "</w>"),
        Edit(#"{"type": "NFC"}"#, #"{"type": "NFKC"}"#, "normalizer", "NFKC"),
        Edit(
            #""behavior": "Isolated""#, #""behavior": "Removed""#, "pretokenizers[0].behavior",
            "Removed"),
        Edit(#""invert": false"#, #""invert": true"#, "pretokenizers[0].invert"),
        Edit(#"(?!\\S)"#, #"(?=\\S)"#, "pretokenizers[0].pattern"),
        Edit(
            #""use_regex": false"#, #""use_regex": true"#,
            "pre_tokenizer.pretokenizers[1].use_regex"),
        Edit(#""type": "Sequence""#, #""type": "Metaspace""#, "pre_tokenizer"),
        Edit(
            #""decoder": {"type": "ByteLevel""#, #""decoder": {"type": "CTC""#,
            "decoder.type", "CTC"),
        Edit(
            #""post_processor": {"type": "ByteLevel""#,
            #""post_processor": {"type": "TemplateProcessing""#, "post_processor"),
        Edit(#""id": 2000"#, #""id": 2077"#, "added_tokens[0]", "2077", "expected 2000"),
        Edit(#""content": "<|im_start|>""#, #""text": "x""#, "added_tokens[1].content"),
        Edit(#""vocab": {"!": 0"#, #""vocab": {"!": 1"#, "model.vocab", "two tokens have the id 1"),
        Edit(#""vocab": {"!": 0"#, #""vocab": {"!": 5000"#, "model.vocab", "ids up to 5000"),
        Edit(#""vocab": {"!": 0"#, #""vocab": {"\"": 0"#, "model.vocab", "twice"),
        Edit(#""vocab": {"!": 0"#, #""vocab": {"!!!!!!": 0"#, "no token for the byte 33"),
        Edit(#""merges": [["#, #""merges": [["\#u{120}", "?!?"], ["#, "model.merges[0]", "?!?"),
        Edit(#""merges": [["#, #""merges": ["a b", ["#, "model.merges"),
        Edit(#""merges": [["#, #""merges": [[" ", "b"], ["#, "model.merges[0]", "not in"),
        Edit(#""merges":"#, #""merge":"#, "model.merges is missing"),
        Edit(#""vocab":"#, #""vocabulary":"#, "model.vocab is missing"),
        Edit(#""model":"#, #""models":"#, "the field model is missing"),
        Edit(#""version": "1.0""#, #""version": 1.0.0"#, "malformed JSON", "expected ',' or '}'"),
        Edit(#""version": "1.0""#, #""version": "\ud800""#, "malformed JSON", "surrogate"),
        Edit(#""version": "1.0""#, #""version": "\x""#, "malformed JSON", "unknown escape"),
    ]

    private func failure(definition: Data?, configuration: Data? = nil) throws -> TokenizerError {
        let folder = try TokenizerFixtures.makeFolder(
            definition: definition, configuration: configuration)
        return try #require(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder) }
    }

    @Test(arguments: edits) func unsupportedFieldsAreNamed(_ edit: Edit) throws {
        let mini = try TokenizerFixtures.miniDefinition.get()
        let place = try #require(mini.range(of: edit.find))
        let edited = mini.replacingCharacters(in: place, with: edit.replace)
        let error = try failure(definition: Data(edited.utf8))
        let line = error.oneLine
        for word in edit.words + ["tokenizer.json"] {
            #expect(line.contains(word), "\(line)")
        }
    }

    @Test func missingFilesAreNamed() throws {
        #expect(try failure(definition: nil).kind == .inputMissing)
        let nowhere = URL(filePath: "/no/such/folder")
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(contentsOf: nowhere) }
        #expect(error.oneLine.contains("/no/such/folder"))
    }

    @Test(arguments: [
        (#"{"split_special_tokens": true}"#, "split_special_tokens"),
        (#"{"eos_token": 3}"#, "eos_token"), ("[]", "is []"), ("{", "malformed JSON"),
        (#"{"added_tokens_decoder": {"7": {"content": "<x>"}}}"#, "added_tokens_decoder"),
    ])
    func configurationsAreChecked(_ text: String, _ word: String) throws {
        let mini = Data(try TokenizerFixtures.miniDefinition.get().utf8)
        let error = try failure(definition: mini, configuration: Data(text.utf8))
        #expect(error.oneLine.contains(word), "\(error.oneLine)")
        #expect(error.oneLine.contains("tokenizer_config.json"))
    }

    @Test func mergesAsLinesAreTheSame() throws {
        let data = try TokenizerFixtures.data("mini.tokenizer.json.gz")
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        var tree = try #require(object)
        var model = tree["model"] as? [String: Any] ?? [:]
        let pairs = model["merges"] as? [[String]] ?? []
        #expect(pairs.count > 1000)
        model["merges"] = ["#version: 0.2"] + pairs.map { $0.joined(separator: " ") }
        tree["model"] = model
        let folder = try TokenizerFixtures.makeFolder(
            definition: JSONSerialization.data(withJSONObject: tree))
        let tokenizer = try Tokenizer(contentsOf: folder)
        let ids = try TokenizerFixtures.Vocabulary.mini.expected.ids
        for (text, expected) in zip(try TokenizerFixtures.golden.get().texts, ids) {
            #expect(tokenizer.encode(text) == expected)
        }
    }

    /// Damaged files load or give a typed error; they never trap.
    @Test func damagedFilesNeverTrap() throws {
        let mini = Array(try TokenizerFixtures.data("mini.tokenizer.json.gz"))
        // The fields before the vocabulary, and its first entries, see most of the damage.
        let head = mini.count / 4
        var random = RandomSource(seed: 11)
        let folder = try TokenizerFixtures.temporaryFolder()
        let file = folder.appending(path: "tokenizer.json")
        let tokens = Array(#"{}[]":,\u0"-1e9 null true"#.utf8)
        var loaded = 0
        for _ in 0..<400 {
            var bytes = mini
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let limit = Bool.random(using: &random) ? head : bytes.count
                let at = Int.random(in: 0..<min(limit, bytes.count), using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[at] = tokens[Int.random(in: 0..<tokens.count, using: &random)]
                case 2: bytes.remove(at: at)
                case 3: bytes.removeSubrange(at..<min(bytes.count, at + 40))
                default: bytes.removeSubrange(max(1, at)...)
                }
            }
            try Data(bytes).write(to: file)
            do {
                let tokenizer = try Tokenizer(contentsOf: file)
                loaded += tokenizer.encode("Hello world").isEmpty ? 0 : 1
            } catch is TokenizerError {
                continue
            }
        }
        #expect(loaded < 400)
        let nested = String(repeating: "[", count: 100_000)
        try Data("{\"version\": \(nested)".utf8).write(to: file)
        #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: file) }
    }
}
