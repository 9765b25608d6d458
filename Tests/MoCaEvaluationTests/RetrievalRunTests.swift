import Foundation
import MoCaCore
import MoCaEmbedding
import Testing

@testable import MoCaEvaluation

/// ViDoRe and text retrieval end to end.
struct RetrievalRunTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    /// nDCG at `cutoff` with linear gains, spelled out.
    private func ndcg(_ gains: [Int], ideal: [Int], at cutoff: Int) -> Double {
        let sum = { (gains: [Int]) in
            gains.prefix(cutoff).enumerated().reduce(0.0) {
                $0 + Double($1.element) / log2(Double($1.offset) + 2)
            }
        }
        return sum(gains) / sum(ideal.sorted(by: >))
    }

    /// The mean over queries of nDCG at 5 and of recall at 1, from single embeddings.
    private func plain(
        _ queries: [(id: String, text: String)], _ documents: [(id: String, content: Content)],
        _ relevance: [String: [String: Int]], _ embedder: Embedder
    ) async throws -> (ndcg: Double, recall: Double) {
        var (ndcgs, recalls) = ([Double](), [Double]())
        for query in queries {
            guard let judged = relevance[query.id] else { continue }
            let scores = try await PlainScores(embedder: embedder)(
                .text(query.text), documents.map(\.content))
            let order = scores.indices.sorted { scores[$0] > scores[$1] }
            let gains = order.map { judged[documents[$0].id] ?? 0 }
            ndcgs.append(ndcg(gains, ideal: Array(judged.values), at: 5))
            recalls.append(gains[0] > 0 ? 1 / Double(judged.count) : 0)
        }
        return (
            ndcgs.reduce(0, +) / Double(ndcgs.count), recalls.reduce(0, +) / Double(recalls.count)
        )
    }

    @Test func pagesOfTheParquetFixture() async throws {
        let data = BenchmarkFolder.fixtures.appending(path: "data/vidore")
        var run = try await folder.run(data: data)
        run.savesVectors = true
        let report = try await run.retrieval(.pages)
        guard case .retrieval(let score)? = report.scores.sets["vidore"] else {
            Issue.record("no score")
            return
        }
        // The pages' bytes, as the fixture's list has them.
        let file = data.appending(path: "corpus/test-00000-of-00001.expected.json")
        let rows = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let documents = try #require(rows as? [[String: Any]]).map { row in
            let id = "\(row["corpus-id"] as? Int ?? 0)"
            let image = row["image"] as? [String: Any]
            let base64 = (image?["bytes"] as? [String: Any])?["base64"] as? String
            let source: ImageSource =
                base64.flatMap { Data(base64Encoded: $0) }.map { .encoded($0, name: id) }
                ?? .file(data.appending(path: "corpus/\(image?["path"] as? String ?? "")"))
            let words = "\nRepresent the given document image."
            return (id: id, content: Content([.image(source), .text(words)]))
        }
        let queries = [("1", "What is debmake?"), ("2", "Wie baut man ein Paket?")]
        let expected = try await plain(
            queries.map { (id: $0.0, text: $0.1) }, documents,
            ["1": ["10": 2, "11": 1], "2": ["12": 2]], run.embedder)
        #expect(abs((score.metrics.ndcg[5] ?? -1) - expected.ndcg) < 1e-9)
        #expect(abs((score.metrics.recall[1] ?? -1) - expected.recall) < 1e-9)
        #expect(score.queryCount == 2 && score.byLanguage.keys.sorted() == ["de", "en"])
        #expect(report.embeddedCount == 5)
        #expect(try await run.retrieval(.pages).embeddedCount == 0)
        let sets = try folder.json("scores.json")["sets"] as? [String: [String: Any]]
        let written = try #require(sets?["vidore"]?["ndcg_at_5"] as? Double)
        #expect(abs(written - expected.ndcg) < 1e-9)
        #expect(
            FileManager.default.fileExists(
                atPath: folder.output.appending(path: "vidore_vectors.safetensors").path))
    }

    @Test func textsAreTitleAndText() async throws {
        let titles = ["Ships", "Trains", "", "Hills", "Rain", "Sand", "Snow"]
        // More documents than are embedded together.
        let texts = (0..<150).map { "document \($0) of \(titles[$0 % 7].lowercased())" }
        try folder.write(
            texts.indices.map {
                ["corpus-id": "d\($0)", "title": titles[$0 % 7], "text": texts[$0]]
            }, to: "Words/corpus/test.jsonl")
        let queries = (0..<6).map { (id: "q\($0)", text: "where is number \($0 * 20)?") }
        try folder.write(
            queries.map { ["query-id": $0.id, "query": $0.text] }, to: "Words/queries/test.jsonl")
        let relevance = Dictionary(
            uniqueKeysWithValues: (0..<5).map { ("q\($0)", ["d\($0 * 20)": 2, "d\($0 + 1)": 1]) })
        try folder.write(
            relevance.flatMap { query, judged in
                judged.map { ["query-id": query, "corpus-id": $0.key, "score": $0.value] }
            }, to: "Words/qrels/test.jsonl")
        let run = try await folder.run()
        let report = try await run.retrieval(.any)
        let documents = texts.indices.map { index in
            let title = titles[index % 7]
            let text = title.isEmpty ? texts[index] : "\(title) \(texts[index])"
            return (id: "d\(index)", content: Content.text(text))
        }
        let expected = try await plain(queries, documents, relevance, run.embedder)
        guard case .retrieval(let score)? = report.scores.sets["Words"] else {
            Issue.record("no score")
            return
        }
        #expect(score.queryCount == 5)
        #expect(abs((score.metrics.ndcg[5] ?? -1) - expected.ndcg) < 1e-9)
        #expect(score.intervals["ndcg_at_5"] != nil && score.chance != nil)
        #expect(report.embeddedCount == 156)
        await #expect(throws: EvaluationRunError.self) {
            try await EvaluationRun(
                embedder: run.embedder, model: "tiny",
                data: folder.data.appending(path: "Words/corpus"), output: folder.output
            ).retrieval(.any)
        }
    }
}
