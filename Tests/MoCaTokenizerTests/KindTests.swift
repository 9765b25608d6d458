// Every kind of `tokenizer.json` gives the ids and texts of the `tokenizers` library.

import Foundation
import MoCaCore
import MoCaTokenizer
import Testing

@Suite struct KindTests {
    static let main = ["llama3", "llava-legacy", "llava-metaspace", "phi3"]

    @Test func allKindsAreThere() throws {
        #expect(KindFixtures.names.count == 54)
        #expect(try KindFixtures.golden.get().texts.count > 70)
    }

    @Test(arguments: KindFixtures.names) func goldenTextsHaveTheSameIDs(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let golden = try KindFixtures.golden.get()
        let expected = try #require(golden.kinds[kind]).expected
        #expect(tokenizer.vocabularySize == expected.size)
        var special = IDDigest()
        var skipping = IDDigest()
        for (i, text) in golden.texts.enumerated() {
            let ids = tokenizer.encode(text)
            #expect(IDDigest.of(ids + [-1]) == expected.ids[i], "\(text.debugDescription)")
            let decoded = tokenizer.decode(ids)
            #expect(IDDigest.of(decoded) == expected.decoded[i], "\(decoded.debugDescription)")
            special.add(tokenizer.encode(text, addingSpecialTokens: true) + [-1])
            let skipped = tokenizer.decode(ids, skipSpecialTokens: true)
            skipping.add([Int32(bitPattern: IDDigest.of(skipped))])
        }
        skipping.add([-1])
        #expect(special.value == expected.special)
        #expect(skipping.value == expected.skipping)
    }

    @Test(arguments: KindFixtures.names) func randomIDsHaveTheSameText(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let golden = try KindFixtures.golden.get()
        let expected = try #require(golden.kinds[kind]).expected
        var random = RandomSource(seed: golden.seed)
        func choose(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let limits = [expected.size + 3, 280]
        for digest in expected.random {
            // The order of the script: the length, then each limit and its id.
            let ids = (0..<1 + choose(12)).map { _ in Int32(choose(limits[choose(2)])) }
            #expect(IDDigest.of(tokenizer.decode(ids)) == digest, "\(ids)")
        }
    }

    @Test(arguments: main) func linesHaveTheSameIDs(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let contents = tokenizer.addedTokens.map(\.content)
        let data = try TokenizerFixtures.data("lines.txt.gz")
        let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(lines.count == 10_000)
        let texts = lines.enumerated().lazy.map { i, line in
            let token = contents[i % contents.count]
            let mark = [" ", token, " \(token) "][i % 3]
            guard let space = line.firstIndex(of: 0x20) else {
                return String(decoding: line, as: UTF8.self)
            }
            let marked = line[..<space] + mark.utf8 + line[(space + 1)...]
            return String(decoding: marked, as: UTF8.self)
        }
        let expected = try KindFixtures.digests(kind).lines
        compare(texts, with: expected, blockCount: 100, tokenizer)
    }

    @Test(arguments: main) func everyScalarHasTheSameIDsInEveryContext(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let expected = try KindFixtures.digests(kind).scalars
        let contexts = try KindFixtures.golden.get().contexts.map {
            $0.components(separatedBy: "{}")
        }
        #expect(expected.count == 0x110)
        for (block, digest) in expected.enumerated() {
            var ours = IDDigest()
            for value in UInt32(block * 4096)..<UInt32(block * 4096 + 4096) {
                guard let scalar = UnicodeScalar(value) else { continue }
                let c = String(Character(scalar))
                for context in contexts {
                    ours.add(tokenizer.encode(context.joined(separator: c)))
                    ours.add([-1])
                }
            }
            #expect(ours.value == digest, "scalars from \(String(block * 4096, radix: 16))")
        }
    }

    /// `MOCA_LONG_TESTS=1` compares 100,000 texts instead of 2,000.
    @Test(arguments: main) func randomTextsHaveTheSameIDs(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let contents = tokenizer.addedTokens.map(\.content)
        var source = try RandomTexts(tokenizer, contents: contents)
        let expected = try KindFixtures.digests(kind).random
        #expect(expected.count == 100)
        let blocks = expected.prefix(KindFixtures.isLong ? 100 : 2)
        let texts = (0..<blocks.count * 1000).map { _ in source.next() }
        compare(texts, with: Array(blocks), blockCount: 1000, tokenizer)
    }

    private func compare(
        _ texts: some Collection<String>, with expected: [UInt32], blockCount: Int,
        _ tokenizer: Tokenizer
    ) {
        var rest = texts[...]
        for (block, digest) in expected.enumerated() {
            var ours = IDDigest()
            for text in rest.prefix(blockCount) { ours.add(tokenizer.encode(text) + [-1]) }
            rest = rest.dropFirst(blockCount)
            #expect(ours.value == digest, "texts from \(block * blockCount)")
        }
    }

    /// A text without spaces is one word. With quadratic merging, this one takes hours.
    @Test(.timeLimit(.minutes(2)), arguments: ["llama3", "llava-legacy", "across-spaces"])
    func aWordOfAMillionCharactersTakesSeconds(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let text = String(repeating: "thequickbrownfox", count: 62_500)
        let ids = tokenizer.encode(text)
        #expect(ids.count < 1_000_000)
        #expect(tokenizer.decode(ids) == text)
    }

    @Test func spacesBesideAddedTokensObeyTheFile() throws {
        func tokens(_ kind: String) throws -> [String] {
            let tokenizer = try KindFixtures.tokenizer(kind)
            return tokenizer.encode("<image> r", addingSpecialTokens: true)
                .compactMap { tokenizer.token($0) }
        }
        #expect(try tokens("llava-legacy").joined(separator: "|").hasPrefix("<s>|<image>|▁▁"))
        #expect(try tokens("llava-metaspace") == ["<s>", "<image>", "▁r"])
    }

    @Test func specialTokensSurroundTheText() throws {
        let tokenizer = try KindFixtures.tokenizer("sequences")
        #expect(tokenizer.specialTokenPrefix == [1, 5, 6, 7])
        #expect(tokenizer.specialTokenSuffix == [2])
        #expect(tokenizer.encode("", addingSpecialTokens: true) == [1, 5, 6, 7, 2])
        let image = try KindFixtures.tokenizer("llava-legacy")
        let id = try #require(image.id(of: "<image>"))
        #expect(throws: TokenizerError.refusedToken(token: "<image>")) {
            try image.encode("a <image>", addingSpecialTokens: true, refusing: [id])
        }
    }

    /// Written files land in `$MOCA_TOKENIZER_OUT` if it is set, where
    /// `scripts/fixtures/tokenizer_kinds.py check` loads them with the library.
    @Test(arguments: KindFixtures.names) func maskTokenIsAddedAndWritten(_ kind: String) throws {
        let tokenizer = try KindFixtures.tokenizer(kind)
        let root = ProcessInfo.processInfo.environment["MOCA_TOKENIZER_OUT"]
        let folder = try (root.map { URL(filePath: $0) } ?? TokenizerFixtures.temporaryFolder())
            .appending(path: kind)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let masked = tokenizer.addingMaskToken()
        try masked.write(to: folder)
        let again = try Tokenizer(contentsOf: folder)
        let mask = Int32(tokenizer.vocabularySize)
        for tokenizer in [masked, again] {
            #expect(tokenizer.maskTokenID == mask)
            #expect(tokenizer.encode("a<|mask|>b").count { $0 == mask } == 1)
        }
        for text in try KindFixtures.golden.get().texts {
            #expect(again.encode(text) == tokenizer.encode(text))
        }
    }
}
