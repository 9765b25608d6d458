import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaSettings
import MoCaTestSupport
import MoCaVectors
import Testing
@testable import MoCaEvaluation

/// late_interaction.json of scripts/fixtures/evaluation.py: numpy's similarities, pytrec_eval's measures.
private struct LateInteractionGolden: Decodable {
    struct Query: Decodable {
        /// In eighths.
        let vectors: [[Float]]
        let scores: [Float]
        let relevance: [String: Int]
        let metrics: [String: Double]
    }
    let ids: [String]
    let documents: [[[Float]]]
    let queries: [Query]

    static func load() throws -> Self {
        let file = Repository.fixtures.appending(path: "evaluation/late_interaction.json")
        return try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }

    static func embedding(_ vectors: [[Float]]) -> Embedding {
        Embedding(vectors.joined().map { $0 / 8 }, vectorCount: vectors.count)
    }
}

/// Scores of embedders with a vector for each token.
struct LateInteractionTests {
    private static let model = BenchmarkFolder.fixtures.appending(path: "families/colqwen2_5")
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    @Test func scoresAndMeasuresAreThoseOfTheReference() throws {
        let golden = try LateInteractionGolden.load()
        let matrix = VectorMatrix(
            ragged: (golden.queries.map(\.vectors) + golden.documents).map(
                LateInteractionGolden.embedding))
        let rows = golden.documents.indices.map { golden.queries.count + $0 }
        for (number, query) in golden.queries.enumerated() {
            #expect(matrix.scores(of: number, with: rows) == query.scores)
        }
        let allBlocks: [(Int, Int)?] = [nil, (1, 1), (20, 64)]
        for blocks in allBlocks {
            var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: golden.ids))
            evaluation.blocks = blocks.map { (queries: $0.0, documents: $0.1) }
            try evaluation.add(
                golden.queries.enumerated().map { row, query in
                    JudgedQuery(
                        id: "q\(row)", row: row,
                        relevance: Dictionary(
                            uniqueKeysWithValues: query.relevance.map { (ExactText($0), $1) }))
                }, in: matrix, documents: rows)
            #expect(evaluation.outcomes.count == golden.queries.count)
            for (outcome, query) in zip(evaluation.outcomes, golden.queries) {
                #expect(Set(outcome.measures.keys) == Set(query.metrics.keys))
                for (name, value) in query.metrics {
                    #expect(abs(outcome.measures[name, default: -1] - value) < 1e-12)
                }
            }
        }
    }

    /// nDCG at 5 with linear gains of a query, from single embeddings.
    private func ndcg(
        _ query: Embedding, _ documents: [(id: String, embedding: Embedding)],
        _ relevance: [String: Int]
    ) -> Double {
        let order = documents.sorted {
            query.similarity(to: $0.embedding) > query.similarity(to: $1.embedding)
        }
        func sum(_ gains: [Int]) -> Double {
            gains.prefix(5).enumerated().reduce(0) {
                $0 + Double($1.element) / log2(Double($1.offset) + 2)
            }
        }
        return sum(order.map { relevance[$0.id] ?? 0 }) / sum(relevance.values.sorted(by: >))
    }

    @Test func pagesOfTheParquetFixture() async throws {
        let data = BenchmarkFolder.fixtures.appending(path: "data/vidore")
        var run = try await folder.run(model: Self.model, data: data)
        run.savesVectors = true
        let report = try await run.retrieval(.pages)
        guard case .retrieval(let score)? = report.scores.sets["vidore"] else {
            Issue.record("no score")
            return
        }
        let file = data.appending(path: "corpus/test-00000-of-00001.expected.json")
        let rows = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        var documents: [(id: String, embedding: Embedding)] = []
        for row in try #require(rows as? [[String: Any]]) {
            let id = "\(row["corpus-id"] as? Int ?? 0)"
            let image = row["image"] as? [String: Any]
            let base64 = (image?["bytes"] as? [String: Any])?["base64"] as? String
            let source: ImageSource =
                base64.flatMap { Data(base64Encoded: $0) }.map { .encoded($0, name: id) }
                ?? .file(data.appending(path: "corpus/\(image?["path"] as? String ?? "")"))
            // A page alone: the embedder has its own prompt.
            documents.append((id, try await run.embedder.embed([Content([.image(source)])])[0]))
        }
        let questions = ["What is debmake?", "Wie baut man ein Paket?"]
        let queries = try await run.embedder.embed(questions.map { .text($0) }, as: .query)
        let relevance = [["10": 2, "11": 1], ["12": 2]]
        let expected = zip(queries, relevance).map { ndcg($0, documents, $1) }.reduce(0, +) / 2
        #expect(abs((score.metrics.ndcg[5] ?? -1) - expected) < 1e-9)
        #expect(report.embeddedCount == 5)
        #expect(report.scores.settings["embedder"]?.description.hasPrefix("colqwen2_5") == true)
        // Vectors are kept for the next run, which gives the same scores.
        let again = try await run.retrieval(.pages)
        #expect(again.embeddedCount == 0 && again.scores == report.scores)
        #expect(report.scores.settings["pooling"] == .string("multi-vector (MaxSim)"))
        // A part that leaves nothing out gives the scores of whole sets.
        var part = run
        part.part = .nano
        part.output = folder.url.appending(path: "part")
        #expect(try await part.retrieval(.pages).scores == report.scores)
        part.part = EvaluationPart(queryCount: 1)
        let cut = try await part.retrieval(.pages).scores
        #expect(cut.settings["part"] != nil && cut.partReason != nil)
        let bytes = try Data(
            contentsOf: folder.output.appending(path: "vidore_vectors.safetensors"))
        let size = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let header = try #require(
            JSONSerialization.jsonObject(with: bytes[8..<8 + size]) as? [String: [String: Any]])
        let count = queries.reduce(0) { $0 + $1.vectorCount }
        #expect(header["queries"]?["shape"] as? [Int] == [count, run.embedder.vectorLength])
        #expect(header["queries_lengths"]?["shape"] as? [Int] == [2])
        #expect(header["documents_lengths"]?["shape"] as? [Int] == [3])
    }

    @Test func candidatesOfMMEB() async throws {
        let texts = ["a red bus", "two ships at sea", "the price of bread"]
        try folder.write(
            texts.indices.map { number in
                let others = texts.indices.filter { $0 != number }.map { texts[$0] }
                return [
                    "qry_text": "find \(texts[number])", "qry_img_path": "",
                    "tgt_text": [texts[number]] + others, "tgt_img_path": ["", "", ""],
                ]
            }, to: "Small/test.jsonl")
        let run = try await folder.run(model: Self.model)
        let report = try await run.mmeb()
        guard case .precision(let score)? = report.scores.sets["Small"] else {
            Issue.record("no score")
            return
        }
        let targets = try await run.embedder.embed(texts.map { .text($0) }, as: .document)
        var hits = 0
        for (number, text) in texts.enumerated() {
            let query = try await run.embedder.embed([.text("find \(text)")], as: .query)[0]
            let scores = targets.map { query.similarity(to: $0) }
            let isFirst = scores.indices.allSatisfy {
                $0 == number || scores[$0] < scores[number]
            }
            hits += isFirst ? 1 : 0
        }
        #expect(score.queryCount == 3 && score.correctCount == hits)
    }

    @Test func driftOfSeveralVectorsIsRefused() async throws {
        let records = folder.url.appending(path: "records.jsonl")
        try Data("{\"text\": \"a\"}\n{\"text\": \"b\"}\n".utf8).write(to: records)
        let probes = ProbeSet(records: records, images: folder.url, output: folder.output)
        await #expect(throws: EmbeddingError.self) {
            try await probes.vectors(ofModelIn: Self.model, options: EmbedderOptions())
        }
    }

    // MARK: Instructions

    private func writeWords() throws {
        try folder.write(
            (0..<4).map { ["corpus-id": "d\($0)", "text": "page number \($0)"] },
            to: "Words/corpus/test.jsonl")
        try folder.write(
            [["query-id": "q", "query": "where is 2?"]], to: "Words/queries/test.jsonl")
        try folder.write(
            [["query-id": "q", "corpus-id": "d2", "score": 1]], to: "Words/qrels/test.jsonl")
    }

    @Test func anInstructionIsOfTheQueriesAlone() async throws {
        try writeWords()
        let model = BenchmarkFolder.fixtures.appending(path: "families/qwen3_vl_embedding")
        var run = try await folder.run(model: model)
        let plain = try await run.retrieval(.any)
        run.queryInstruction = "Find the page with the number."
        let instructed = try await run.retrieval(.any)
        // Documents are those of the run before.
        #expect(plain.embeddedCount == 5 && instructed.embeddedCount == 1)
        #expect(plain.scores.data == instructed.scores.data)
        #expect(
            instructed.scores.settings["query_instruction"]
                == .string("Find the page with the number."))
        let outcomes = try [QueryOutcome](set: "Words", in: folder.output)
        let query = try await run.embedder.embed(
            [Content([.text("where is 2?")], instruction: "Find the page with the number.")])[0]
        let page = try await run.embedder.embed([.text("page number 2")])[0]
        let score = try #require(outcomes[0].relevant.first?.score)
        #expect(abs(score - query.similarity(to: page)) < 1e-5)
    }

    @Test func anEmbedderWithoutInstructionsRefusesOne() async throws {
        try writeWords()
        var run = try await folder.run(
            model: BenchmarkFolder.fixtures.appending(path: "families/vlm2vec"))
        run.queryInstruction = "Find it."
        await #expect(throws: EmbeddingError.self) { try await run.retrieval(.any) }
    }
}
