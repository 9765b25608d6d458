// What transformers knows about special tokens, and the mask token.

import Foundation
import MoCaTokenizer
import Testing

@Suite struct SpecialTokenTests {
    @Test(arguments: TokenizerFixtures.Vocabulary.allCases)
    func knowsWhatTransformersKnows(_ vocabulary: TokenizerFixtures.Vocabulary) throws {
        let tokenizer = try vocabulary.tokenizer
        let facts = try vocabulary.expected.facts
        #expect(tokenizer.vocabularySize == facts.length)
        #expect(tokenizer.specialTokenIDs == facts.allSpecialIDs)
        #expect(tokenizer.configuration.padToken.flatMap { tokenizer.id(of: $0) } == facts.pad)
        #expect(tokenizer.eosTokenID == facts.eos)
        #expect(tokenizer.maskTokenID == nil)
        #expect(tokenizer.configuration.modelMaxLength == facts.maxLength)
        #expect(tokenizer.addedTokens.count == 22)
    }

    /// Written files land in `$MOCA_TOKENIZER_OUT` if it is set, where
    /// `scripts/fixtures/tokenizer.py check` loads them with transformers.
    @Test(arguments: TokenizerFixtures.Vocabulary.allCases)
    func maskTokenIsAddedAndWritten(_ vocabulary: TokenizerFixtures.Vocabulary) throws {
        let facts = try vocabulary.expected.facts
        let source = try TokenizerFixtures.unpacked(vocabulary)
        let masked = try Tokenizer(contentsOf: source).addingMaskToken()
        let root = ProcessInfo.processInfo.environment["MOCA_TOKENIZER_OUT"]
        let folder = try (root.map { URL(filePath: $0) } ?? TokenizerFixtures.temporaryFolder())
            .appending(path: vocabulary.rawValue)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try masked.write(to: folder)
        let texts = try TokenizerFixtures.golden.get().texts.prefix(20)
        for tokenizer in [masked, try Tokenizer(contentsOf: folder)] {
            #expect(tokenizer.maskTokenID == facts.mask)
            #expect(tokenizer.vocabularySize == facts.length + 1)
            #expect(tokenizer.specialTokenIDs == facts.allSpecialIDsWithMask)
            for (text, ids) in zip(texts, facts.maskedIDs) {
                #expect(tokenizer.encode(text + "<|mask|>" + text) == ids)
            }
            #expect(tokenizer.addingMaskToken().vocabularySize == facts.length + 1)
        }
        try checkNothingElseChanged(from: source, to: folder)
    }

    private func checkNothingElseChanged(from source: URL, to folder: URL) throws {
        func tree(_ folder: URL, _ name: String) throws -> NSMutableDictionary {
            let data = try Data(contentsOf: folder.appending(path: name))
            let object = try JSONSerialization.jsonObject(with: data, options: .mutableContainers)
            return try #require(object as? NSDictionary).mutableCopy() as! NSMutableDictionary
        }
        let before = try tree(source, "tokenizer.json")
        let after = try tree(folder, "tokenizer.json")
        let tokens = try #require(after["added_tokens"] as? [Any])
        #expect(tokens.count == 23)
        after["added_tokens"] = Array(tokens.dropLast())
        #expect(before == after)
        let configuration = try tree(folder, "tokenizer_config.json")
        #expect(configuration["mask_token"] as? String == "<|mask|>")
        let decoder = try #require(configuration["added_tokens_decoder"] as? [String: Any])
        #expect(decoder.count == 23)
        configuration["mask_token"] = nil
        configuration["added_tokens_decoder"] = nil
        let original = try tree(source, "tokenizer_config.json")
        original["added_tokens_decoder"] = nil
        #expect(original == configuration)
    }

    @Test func aFolderWithoutConfigurationHasTheDefaultsOfItsClass() throws {
        let mini = try TokenizerFixtures.data("mini.tokenizer.json.gz")
        let folder = try TokenizerFixtures.makeFolder(definition: mini)
        let tokenizer = try Tokenizer(contentsOf: folder.appending(path: "tokenizer.json"))
        #expect(tokenizer.configuration.eosToken == "<|endoftext|>")
        #expect(tokenizer.configuration.modelMaxLength == nil)
        #expect(tokenizer.specialTokenIDs == [try #require(tokenizer.id(of: "<|endoftext|>"))])
        let out = try TokenizerFixtures.temporaryFolder()
        try tokenizer.addingMaskToken().write(to: out)
        let again = try Tokenizer(contentsOf: out)
        #expect(again.maskTokenID == Int32(tokenizer.vocabularySize))
    }

    @Test func tokensOfTheConfigurationAloneAreAdded() throws {
        let mini = try TokenizerFixtures.data("mini.tokenizer.json.gz")
        let size = try TokenizerFixtures.miniTokenizer.get().vocabularySize
        let configuration = """
            {"added_tokens_decoder": {"\(size)": {"content": "<new>", "special": false}},
             "mask_token": {"content": "<hidden>", "special": true}, "eos_token": null,
             "model_max_length": 1000000000000000019884624838656}
            """
        let folder = try TokenizerFixtures.makeFolder(
            definition: mini, configuration: Data(configuration.utf8))
        let tokenizer = try Tokenizer(contentsOf: folder)
        #expect(tokenizer.id(of: "<new>") == Int32(size))
        #expect(tokenizer.maskTokenID == Int32(size + 1))
        #expect(tokenizer.eosTokenID == nil)
        #expect(tokenizer.configuration.modelMaxLength == nil)
        #expect(tokenizer.encode("<hidden><new>") == [Int32(size + 1), Int32(size)])
        let out = try TokenizerFixtures.temporaryFolder()
        try tokenizer.addingMaskToken().write(to: out)
        #expect(try Tokenizer(contentsOf: out).maskTokenID == Int32(size + 1))
    }
}
