import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import Testing
@testable import MoCaEvaluation

/// A line break alone separates a page from its text, whatever the embedder's joiner.
@Suite struct DocumentInputTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
        let source = BenchmarkFolder.fixtures
            .appending(path: "data/images/openclipart/03afefeeda98ecd5.jpg")
        try FileManager.default.copyItem(
            at: source, to: folder.data.appending(path: "page.jpg"))
    }

    private func input(
        _ documents: EvaluationRun.Documents, text: String
    ) throws -> PromptedContent {
        try folder.write(
            [["_id": "1", "image": "page.jpg", "text": text]], to: "set/corpus.jsonl")
        var reader = try CorpusReader(folder.data.appending(path: "set/corpus.jsonl"))
        let next = try reader.next()
        let record = try #require(next)
        return try DocumentInput(
            record, documents, images: ImageStore(root: folder.data), wordsPages: true
        ).prompted { _ in nil }
    }

    @Test func textsOfPagesAreArranged() throws {
        let beside = try input(.any, text: "a ship").content
        #expect(beside.isArranged && beside.segments.last == .text("\na ship"))
        let worded = try input(.pages, text: "").content
        #expect(worded.isArranged)
        #expect(worded.segments.last == .text("\nRepresent the given document image."))
        #expect(try !input(.any, text: "").content.isArranged)
    }
}
