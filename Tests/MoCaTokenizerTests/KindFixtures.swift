// The kinds of `tokenizer.json` besides Qwen2.5's, and what the library makes of them.

import Foundation
import MoCaCore
import MoCaTestSupport
import MoCaTokenizer

/// Golden data of scripts/fixtures/tokenizer_kinds.py.
enum KindFixtures {
    /// What the library makes of `Golden.texts`, as CRC-32.
    struct Expected: Decodable {
        /// The ids of each text.
        let ids: [UInt32]
        /// The ids of all texts, with special tokens.
        let special: UInt32
        /// The decoded ids of each text.
        let decoded: [UInt32]
        /// The decoded ids without special tokens, of all texts.
        let skipping: UInt32
        /// The number of tokens.
        let size: Int
        /// The text of each of 300 lists of random ids.
        let random: [UInt32]
    }

    /// `kinds.json`, without the files.
    struct Golden: Decodable {
        struct Kind: Decodable {
            /// The name of the model's vocabulary and merges.
            let base: String
            let expected: Expected
        }

        let texts: [String]
        let spaces: [String]
        let ranges: [[UInt32]]
        let contexts: [String]
        let seed: UInt64
        let kinds: [String: Kind]
    }

    /// CRC-32 of the ids of many texts, one for each block of texts.
    struct Digests {
        let scalars: [UInt32]
        let lines: [UInt32]
        let random: [UInt32]
    }

    /// Whether tests take many minutes.
    static let isLong = ProcessInfo.processInfo.environment["MOCA_LONG_TESTS"] != nil

    private static let folder = Repository.fixtures.appending(path: "tokenizer-kinds")
    private static let data = Result {
        try TokenizerFixtures.data("kinds.json.gz", in: folder)
    }
    static let golden = Result { try JSONDecoder().decode(Golden.self, from: data.get()) }
    private static let files = Result {
        let tree = try JSONSerialization.jsonObject(with: data.get()) as? [String: Any] ?? [:]
        return try JSONSerialization.data(withJSONObject: tree["kinds"] ?? [:])
    }

    /// The names of all kinds.
    static let names: [String] = (try? golden.get().kinds.keys.sorted()) ?? []

    /// The text of a kind's `tokenizer.json`, after `edit` of everything but vocabulary and merges.
    static func definition(
        _ kind: String, edit: (inout [String: Any]) -> Void = { _ in }
    ) throws -> Data {
        let all = try JSONSerialization.jsonObject(with: files.get()) as? [String: Any] ?? [:]
        let entry = all[kind] as? [String: Any] ?? [:]
        var file = entry["file"] as? [String: Any] ?? [:]
        edit(&file)
        let model = try JSONSerialization.data(withJSONObject: file["model"] ?? [:])
        file["model"] = nil
        let rest = try JSONSerialization.data(withJSONObject: file)
        // Spliced as text: as keys of a dictionary, canonically equivalent tokens would be one.
        let base = try TokenizerFixtures.data(
            "\(entry["base"] ?? "").model.json.gz", in: folder)
        return rest.dropLast() + Data(", \"model\": ".utf8) + model.dropLast() + Data(", ".utf8)
            + base.dropFirst() + Data("}".utf8)
    }

    /// The tokenizer of a kind.
    static func tokenizer(_ kind: String) throws -> Tokenizer {
        try Tokenizer(contentsOf: TokenizerFixtures.makeFolder(definition: definition(kind)))
    }

    /// The digests of one of the main kinds.
    static func digests(_ kind: String) throws -> Digests {
        var numbers = try TokenizerFixtures.digests("\(kind).digests.bin", in: folder)[...]
        let counts = numbers.prefix(3).map { Int($0) }
        numbers = numbers.dropFirst(3)
        func take(_ count: Int) -> [UInt32] {
            defer { numbers = numbers.dropFirst(count) }
            return Array(numbers.prefix(count))
        }
        return Digests(scalars: take(counts[0]), lines: take(counts[1]), random: take(counts[2]))
    }
}

/// The random texts of the script.
struct RandomTexts {
    private var random: RandomSource
    private let contents: [String]
    private let tokens: [String]
    private let words: [String]
    private let golden: KindFixtures.Golden

    init(_ tokenizer: Tokenizer, contents: [String]) throws {
        golden = try KindFixtures.golden.get()
        random = RandomSource(seed: golden.seed)
        self.contents = contents
        let modelSize = tokenizer.vocabularySize - tokenizer.addedTokensAfterModel
        tokens = (0..<Int32(modelSize)).compactMap { tokenizer.token($0) }
        words = golden.texts.prefix(20).flatMap {
            $0.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
                .map { String($0) }
        }
    }

    private mutating func choose(_ count: Int) -> Int {
        Int(random.next() % UInt64(count))
    }

    /// The next text.
    mutating func next() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<1 + choose(20) { text.append(contentsOf: piece().unicodeScalars) }
        return String(text)
    }

    private mutating func piece() -> String {
        switch choose(10) {
        case 0...1: return contents[choose(contents.count)]
        case 2...3: return golden.spaces[choose(golden.spaces.count)]
        case 4:
            let range = golden.ranges[choose(golden.ranges.count)]
            let value = range[0] + UInt32(choose(Int(range[1] - range[0])))
            return UnicodeScalar(value).map { String(Character($0)) } ?? ""
        case 5: return String(choose(1_000_000_000))
        case 6...7: return tokens[choose(tokens.count)]
        default: return words[choose(words.count)]
        }
    }
}

extension Tokenizer {
    /// The number of added tokens whose ids follow those of the model.
    var addedTokensAfterModel: Int {
        let ids = Set(addedTokens.map(\.id))
        return (0..<Int32(vocabularySize)).reversed().prefix { ids.contains($0) }.count
    }
}
