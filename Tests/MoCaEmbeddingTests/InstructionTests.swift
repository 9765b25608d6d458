import Foundation
import MoCaCore
@testable import MoCaProcessing
import MoCaTestSupport
import Testing
@testable import MoCaEmbedding

/// Instructions, Matryoshka lengths and special tokens of embedders with rules of their own.
struct InstructionTests {
    private static func folder(_ kind: String) -> URL {
        Repository.fixtures.appending(path: "families/\(kind)")
    }

    private static func difference(_ a: Embedding, _ b: Embedding) -> Float {
        guard a.values.count == b.values.count else { return .infinity }
        return zip(a.values, b.values).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test(arguments: ["gme", "qwen3_vl_embedding"])
    func anOptionIsTheInstructionOfContentsWithoutOne(_ kind: String) async throws {
        var options = EmbedderOptions()
        options.instruction = "Find a page of a report"
        let instructed = try await Embedder(loading: Self.folder(kind), options: options)
        let plain = try await Embedder(loading: Self.folder(kind))
        let content = Content([.text("a house")], instruction: options.instruction)
        let expected = try await plain.embed([content])[0]
        #expect(Self.difference(try await instructed.embed([.text("a house")])[0], expected) < 1e-6)
        // That of a content goes before it.
        let other = Content([.text("a house")], instruction: "Find a house")
        let (a, b) = (try await instructed.embed([other])[0], try await plain.embed([other])[0])
        #expect(Self.difference(a, b) < 1e-6)
        #expect(Self.difference(a, expected) > 1e-4)
        #expect(instructed.settings.rules.identity != plain.settings.rules.identity)
    }

    @Test(arguments: ["vlm2vec", "colqwen2", "biqwen2_5"])
    func othersRefuseOneByName(_ kind: String) async throws {
        var options = EmbedderOptions()
        options.instruction = "Find it"
        await #expect {
            try await Embedder(loading: Self.folder(kind), options: options)
        } throws: {
            ($0 as? EmbeddingError)?.oneLine
                == EmbeddingError.noInstruction(embedder: kind).oneLine
        }
    }

    /// A prompt of a contract with a place for an instruction takes one, also without its own.
    @Test func aPromptOfAContractTakesAnInstruction() async throws {
        let copy = try TemporaryFolder()
        let model = copy.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folder("vlm2vec"), to: model)
        try Data(#"{"prompts": {"query": "Instruct: {instruction}\nQuery: {text}"}}"#.utf8)
            .write(to: model.appending(path: "moca.json"))
        let embedder = try await Embedder(loading: model)
        let given = try await embedder.embed(
            [Content([.text("a house")], instruction: "Find it")], as: .query)[0]
        let written = try await Embedder(loading: Self.folder("vlm2vec")).embed(
            [.text("Instruct: Find it\nQuery: a house")])[0]
        #expect(Self.difference(given, written) < 1e-6)
    }

    @Test(arguments: ["qwen3_vl_embedding", "gme", "colqwen2_5"])
    func leadingComponentsAreNormalisedAgain(_ kind: String) async throws {
        var options = EmbedderOptions()
        options.isNormalized = false
        let whole = try await Embedder(loading: Self.folder(kind), options: options)
            .embed([.text("a house")])[0]
        options.isNormalized = nil
        options.dimensions = 8
        let embedder = try await Embedder(loading: Self.folder(kind), options: options)
        #expect(embedder.vectorLength == 8)
        let found = try await embedder.embed([.text("a house")])[0]
        #expect(found.vectorLength == 8 && found.vectorCount == whole.vectorCount)
        for number in 0..<found.vectorCount {
            let head = whole[number].prefix(8)
            let norm = head.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (value, expected) in zip(found[number], head) {
                #expect(abs(value - expected / norm) < 1e-5)
            }
        }
    }

    /// What the tokenizer's file appends stands behind the whole input, once.
    @Test func specialTokensOfTheTokenizerAreObeyed() async throws {
        let copy = try TemporaryFolder()
        let model = copy.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folder("qwen3_vl_embedding"), to: model)
        let file = model.appending(path: "tokenizer.json")
        var tokenizer = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        let plain = try await Embedder(loading: model)
        let added = try #require(tokenizer["added_tokens"] as? [[String: Any]])
        let end = try #require(
            added.first { $0["content"] as? String == "<|endoftext|>" }?["id"] as? Int)
        tokenizer["post_processor"] = [
            "type": "TemplateProcessing",
            "single": [
                ["Sequence": ["id": "A", "type_id": 0]],
                ["SpecialToken": ["id": "<|endoftext|>", "type_id": 0]],
            ],
            "pair": [["Sequence": ["id": "A", "type_id": 0]]],
            "special_tokens": [
                "<|endoftext|>": [
                    "id": "<|endoftext|>", "ids": [end], "tokens": ["<|endoftext|>"],
                ]
            ],
        ]
        try JSONSerialization.data(withJSONObject: tokenizer).write(to: file)
        let appending = try await Embedder(loading: model)
        let image = Content.Segment.image(
            .file(Repository.fixtures.appending(path: "image/files/rgb_56x84.png")))
        let contents = [Content.text("a house"), Content([image, .text("by the water")])]
        for content in contents {
            let ids = try await plain.outlines(of: [content], as: nil)[0].get().ids
            let outline = try await appending.outlines(of: [content], as: nil)[0].get()
            #expect(outline.ids == ids + [Int32(end)])
        }
        // The literal token has the same effect.
        try Data(
            #"""
            {"prompts": {"end": "<|im_start|>system\n{instruction}<|im_end|>\n<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n<|endoftext|>"}}
            """#.utf8
        ).write(to: model.appending(path: "moca.json"))
        try FileManager.default.removeItem(at: file)
        try FileManager.default.copyItem(
            at: Self.folder("qwen3_vl_embedding").appending(path: "tokenizer.json"), to: file)
        let written = try await Embedder(loading: model)
        let (a, b) = (
            try await appending.embed(contents),
            try await written.embed(contents, as: Role(rawValue: "end"))
        )
        for (a, b) in zip(a, b) { #expect(Self.difference(a, b) < 1e-6) }
        #expect(Self.difference(a[0], try await plain.embed(contents)[0]) > 1e-3)
    }

    /// Truncation keeps the special tokens.
    @Test func truncationKeepsSpecialTokens() throws {
        let truncation = Truncation(maxLength: 10, policy: .end)
        #expect(try truncation.keptCount(of: 9, blocks: [], reserving: 1) == 9)
        #expect(try truncation.keptCount(of: 10, blocks: [], reserving: 1) == 9)
        #expect(try truncation.keptCount(of: 12, blocks: [7..<10], reserving: 1) == 7)
        #expect(throws: ProcessingError.self) {
            try Truncation(maxLength: 10, policy: .error)
                .keptCount(of: 10, blocks: [], reserving: 1)
        }
    }
}
