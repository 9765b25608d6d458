import Foundation
import MoCaCore
import MoCaSettings
import Testing

@testable import MoCaEvaluation

/// What is refused before anything is embedded, and what a folder of scores holds afterwards.
struct BenchmarkFolderTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    private func writeSet(_ name: String) throws {
        try folder.write(
            [["qry_text": "a", "tgt_text": ["b", "c"]]], to: "\(name)/test.jsonl")
    }

    private func writeRetrievalSet(_ name: String) throws {
        for part in ["corpus", "queries", "qrels"] {
            try folder.write([["x": 1]], to: "\(name)/\(part)/test.jsonl")
        }
    }

    @Test func videoSetsAreRefusedFirst() throws {
        for name in ["A", "K700"] { try writeSet(name) }
        let error = EvaluationError.setRefused(name: "K700", reason: "it is a set of videos")
        #expect(throws: error) { try EvaluationRun.mmebSets(in: folder.data, subsets: []) }
        #expect(try EvaluationRun.mmebSets(in: folder.data, subsets: ["A"]).count == 1)
        try writeRetrievalSet("Vidore3NuclearRetrieval")
        let hidden = EvaluationError.setRefused(
            name: "Vidore3NuclearRetrieval", reason: "its pages are not public")
        #expect(throws: hidden) {
            try EvaluationRun.retrievalSets(in: folder.data, subsets: [], .pages)
        }
    }

    @Test func twoNamesOfOneSetAreRefused() throws {
        for name in ["esg_reports_v2", "Vidore2ESGReportsRetrieval"] { try writeRetrievalSet(name) }
        let error = EvaluationError.sameSet(
            name: "Vidore2ESGReportsRetrieval",
            folders: ["Vidore2ESGReportsRetrieval", "esg_reports_v2"])
        #expect(throws: error) {
            try EvaluationRun.retrievalSets(in: folder.data, subsets: [], .pages)
        }
        // Other benchmarks know no such names.
        #expect(try EvaluationRun.retrievalSets(in: folder.data, subsets: [], .any).count == 2)
        #expect(throws: EvaluationError.self) {
            try EvaluationRun.retrievalSets(
                in: folder.data, subsets: ["esg_reports_v2", "esg_reports_v2"], .any)
        }
    }

    /// A run of fewer sets leaves no files of the others beside its scores.
    @Test func filesOfAnEarlierRunGo() async throws {
        for name in ["A", "B"] { try writeSet(name) }
        var run = try await folder.run()
        run.savesVectors = true
        _ = try await run.mmeb()
        let other = folder.output.appending(path: "mine_score.json")
        try Data("{}".utf8).write(to: other)
        run.subsets = ["B"]
        let report = try await run.mmeb()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.output.path)
        #expect(
            files.sorted() == [
                "B_queries.jsonl", "B_score.json", "B_vectors.safetensors", "cache",
                "mine_score.json", "scores.json",
            ])
        #expect(report.scores.settings["subsets"] == .string("B"))
        // While a run is not complete, there are no scores.
        run.isInterrupted = { true }
        let stopped = run
        await #expect(throws: EvaluationError.self) { try await stopped.mmeb() }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.output.path).sorted()
                == ["cache", "mine_score.json"])
    }
}
