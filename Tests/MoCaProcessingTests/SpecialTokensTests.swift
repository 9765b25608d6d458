import Foundation
import MoCaCore
import MoCaModel
import MoCaTestSupport
import MoCaTokenizer
import Testing

@testable import MoCaProcessing

/// The special tokens that a tokenizer's file puts around texts.
@Suite struct SpecialTokensTests {
    private static func processor(
        _ kind: String, _ truncation: Truncation? = nil
    ) throws -> Processor {
        let folder = Repository.fixtures.appending(path: "families/\(kind)")
        return try Processor(
            folder: folder, configuration: PretrainedModel.configuration(of: folder),
            truncation: truncation)
    }

    private static func content(_ texts: [String]) throws -> Content {
        var segments: [Content.Segment] = []
        for (number, text) in texts.enumerated() {
            if number > 0 { segments.append(.image(try ProcessorTests.image(40, 30))) }
            if !text.isEmpty { segments.append(.text(text)) }
        }
        return Content(segments)
    }

    /// One beginning for the whole input; only a text at its start begins with a space of its own.
    @Test func aWholeInputBeginsOnce() throws {
        let processor = try Self.processor("vlm2vec_llava")
        let tokenizer = processor.tokenizer
        let image = try #require(tokenizer.id(of: "<image>"))
        let outline = try processor.outline(Self.content(["", "the page", "the page"]))
        let text = Array(tokenizer.encode("<image>the page").dropFirst())
        let run = [Int32](repeating: image, count: outline.plans[0].tokenCount(mergeSize: 1))
        let start: [Int32] = [1]
        #expect(outline.ids == Array([start, run, text, run, text].joined()))
        let first = try processor.outline(.text("the page"))
        #expect(first.ids == start + tokenizer.encode("the page"))
        #expect(Array(first.ids.dropFirst()) != text)
    }

    /// Each text begins by itself, even where there is none.
    @Test func textsApartBeginEach() throws {
        let processor = try Self.processor("vlm2vec_phi3v")
        let outline = try processor.outline(Self.content(["", "", "the page"]))
        let run = [Int32](repeating: -1, count: outline.plans[0].tokenCount(mergeSize: 2))
        let text = processor.tokenizer.encode("the page")
        let start: [Int32] = [1]
        #expect(outline.ids == Array([start, run, start, run, start, text].joined()))
        let last = try processor.outline(Self.content(["the page", ""]))
        #expect(last.ids == Array([start, text, run, start].joined()))
    }

    @Test func theImageTokenIsRefusedInTexts() throws {
        let processor = try Self.processor("vlm2vec_llava")
        #expect(throws: TokenizerError.refusedToken(token: "<image>")) {
            try processor.outline(.text("an <image> here"))
        }
        #expect(throws: ProcessingError.emptyInput) { try processor.outline(.text("")) }
    }

    /// A file that ends texts with a token keeps it in shortened inputs.
    @Test func anEndingStaysBehindTruncation() throws {
        let source = Repository.fixtures.appending(path: "families/qwen3_vl_embedding")
        let scratch = try TemporaryFolder()
        let folder = scratch.url.appending(path: "model")
        try FileManager.default.copyItem(at: source, to: folder)
        let file = folder.appending(path: "tokenizer.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        var tree = try #require(
            JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let end = "<|endoftext|>"
        tree["post_processor"] = [
            "type": "TemplateProcessing",
            "single": [
                ["Sequence": ["id": "A", "type_id": 0]],
                ["SpecialToken": ["id": end, "type_id": 0]],
            ], "pair": [],
            "special_tokens": [end: ["id": end, "ids": [400], "tokens": [end]]],
        ]
        try JSONSerialization.data(withJSONObject: tree).write(to: file)
        func outline(_ length: Int?) throws -> InputOutline {
            try Processor(
                folder: folder, configuration: PretrainedModel.configuration(of: folder),
                truncation: length.map { Truncation(maxLength: $0, policy: .end) }
            ).outline(.text("What is in the second picture?"))
        }
        let whole = try outline(nil).ids
        #expect(whole.last == 400 && whole.count > 6)
        #expect(try outline(5).ids == Array(whole.prefix(4)) + [whole[whole.count - 1]])
        #expect(try outline(whole.count).ids == whole)
        #expect(try outline(5).truncated.tokens == whole.count - 5)
    }
}
