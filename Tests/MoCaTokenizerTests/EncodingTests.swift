// Ids equal to those of the `tokenizers` library.

import Foundation
import MoCaTokenizer
import Testing

@Suite struct EncodingTests {
    @Test(arguments: TokenizerFixtures.Vocabulary.allCases)
    func goldenTextsHaveTheSameIDs(_ vocabulary: TokenizerFixtures.Vocabulary) throws {
        let tokenizer = try vocabulary.tokenizer
        let texts = try TokenizerFixtures.golden.get().texts
        let expected = try vocabulary.expected
        #expect(texts.count > 40)
        for (text, ids) in zip(texts, expected.ids) {
            #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
        }
    }

    @Test func everyScalarHasTheSameIDsInEveryContext() throws {
        let tokenizer = try TokenizerFixtures.realTokenizer.get()
        let expected = try TokenizerFixtures.digests("scalars.bin")
        #expect(expected.count == 0x1100)
        for (block, digest) in expected.enumerated() {
            var ours = IDDigest()
            for value in UInt32(block * 256)..<UInt32(block * 256 + 256) {
                guard let scalar = UnicodeScalar(value) else { continue }
                let c = String(Character(scalar))
                for text in ["a\(c)b", "\(c) \(c)", "1\(c)", "'\(c)", " \(c)\r\n"] {
                    ours.add(tokenizer.encode(text))
                    ours.add([-1])
                }
            }
            #expect(ours.value == digest, "scalars from \(String(block * 256, radix: 16))")
        }
    }

    @Test func realLinesHaveTheSameIDs() throws {
        let tokenizer = try TokenizerFixtures.realTokenizer.get()
        let text = String(decoding: try TokenizerFixtures.data("lines.txt.gz"), as: UTF8.self)
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0) }
        let expected = try TokenizerFixtures.digests("lines.bin")
        #expect(lines.count == 10_000 && expected.count == lines.count)
        for (line, digest) in zip(lines, expected)
        where IDDigest.of(tokenizer.encode(line)) != digest {
            Issue.record("other ids: \(line)")
        }
    }

    @Test func randomMixturesHaveTheSameIDs() throws {
        let tokenizer = try TokenizerFixtures.realTokenizer.get()
        let texts = try TokenizerFixtures.decode(
            [String].self, from: TokenizerFixtures.data("mixtures.json.gz"))
        let expected = try TokenizerFixtures.digests("mixtures.bin")
        #expect(texts.count == expected.count && texts.count >= 4000)
        for (text, digest) in zip(texts, expected)
        where IDDigest.of(tokenizer.encode(text)) != digest {
            Issue.record("other ids: \(text.debugDescription)")
        }
    }

    /// The golden texts reach the heap of long words as well as the scan of short ones.
    @Test func goldenTextsHoldLongWords() throws {
        let texts = try TokenizerFixtures.golden.get().texts
        #expect(texts.contains { $0.utf8.count > 64 && $0.allSatisfy(\.isLetter) })
    }

    struct AddedSet: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
            let decoded: String
        }
        let cases: [Case]
    }

    @Test func addedTokensObeyTheirFlags() throws {
        let data = try TokenizerFixtures.data("added.json")
        let sets = try TokenizerFixtures.decode([AddedSet].self, from: data)
        let raw = try #require(
            try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let mini = try TokenizerFixtures.miniDefinition.get()
        #expect(sets.count == 16)
        for (set, object) in zip(sets, raw) {
            let entries = try JSONSerialization.data(
                withJSONObject: try #require(object["added_tokens"]))
            let definition = try replacingAddedTokens(
                of: mini, with: String(decoding: entries, as: UTF8.self))
            let configuration = Data(#"{"tokenizer_class": "Other"}"#.utf8)
            let tokenizer = try Tokenizer(
                contentsOf: TokenizerFixtures.makeFolder(
                    definition: Data(definition.utf8), configuration: configuration))
            for c in set.cases {
                let flags = String(decoding: entries.prefix(200), as: UTF8.self)
                #expect(tokenizer.encode(c.text) == c.ids, "\(c.text.debugDescription) \(flags)")
                let decoded = tokenizer.decode(c.ids, skipSpecialTokens: true)
                #expect(Array(decoded.utf8) == Array(c.decoded.utf8))
            }
        }
    }

    private func replacingAddedTokens(of definition: String, with entries: String) throws -> String
    {
        let start = try #require(definition.range(of: "\"added_tokens\": ["))
        let end = try #require(definition.range(of: "], \"normalizer\""))
        return definition[..<start.lowerBound] + "\"added_tokens\": " + entries
            + definition[definition.index(after: end.lowerBound)...]
    }

    @Test func refusedTokensAreNamed() throws {
        let tokenizer = try TokenizerFixtures.miniTokenizer.get()
        let vision = tokenizer.visionTokenIDs
        #expect(vision.count == 4)
        #expect(throws: TokenizerError.refusedToken(token: "<|image_pad|>")) {
            try tokenizer.encode("an <|im_start|> <|image_pad|> <|vision_end|>", refusing: vision)
        }
        let text = "<|im_start|> image_pad <tool_call> <|vision_pad|>"
        #expect(try tokenizer.encode(text, refusing: vision) == tokenizer.encode(text))
        #expect(
            tokenizer.addedTokens(in: text).map(\.content) == [
                "<|im_start|>", "<tool_call>", "<|vision_pad|>",
            ])
    }
}
