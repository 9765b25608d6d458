// Text from ids, and single tokens.

import MoCaTokenizer
import Testing

@Suite struct DecodingTests {
    @Test(arguments: TokenizerFixtures.Vocabulary.allCases)
    func decodesAsTheLibraryDoes(_ vocabulary: TokenizerFixtures.Vocabulary) throws {
        let tokenizer = try vocabulary.tokenizer
        let expected = try vocabulary.expected
        for (i, ids) in expected.ids.enumerated() {
            // By bytes: equal strings in Swift may differ in bytes.
            #expect(Array(tokenizer.decode(ids).utf8) == Array(expected.decoded[i].utf8))
            let skipping = tokenizer.decode(ids, skipSpecialTokens: true)
            #expect(Array(skipping.utf8) == Array(expected.decodedSkipping[i].utf8))
        }
        // Random ids break UTF-8 in every way, and some are no token.
        for (ids, text) in zip(expected.randomIDs, expected.randomDecoded) {
            #expect(Array(tokenizer.decode(ids).utf8) == Array(text.utf8), "\(ids)")
        }
        #expect(tokenizer.decode([-1, Int32.max]) == "")
    }

    @Test(arguments: TokenizerFixtures.Vocabulary.allCases)
    func tokensAndIDsAreInverse(_ vocabulary: TokenizerFixtures.Vocabulary) throws {
        let tokenizer = try vocabulary.tokenizer
        for id in 0..<Int32(tokenizer.vocabularySize) {
            let token = try #require(tokenizer.token(id))
            if tokenizer.id(of: token) != id { Issue.record("\(id) \(token)") }
        }
        #expect(tokenizer.token(Int32(tokenizer.vocabularySize)) == nil)
        #expect(tokenizer.token(-1) == nil)
        #expect(tokenizer.id(of: "no such token") == nil)
        #expect(tokenizer.id(of: "\u{120}the") != nil)
    }
}
