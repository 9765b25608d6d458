import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaSettings
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

    /// What a set holds is no matter of the model's prompts, so that models with others compare.
    @Test func digestsOfDataAreWithoutPrompts() async throws {
        let model = folder.url.appending(path: "prompted")
        try FileManager.default.copyItem(at: BenchmarkFolder.checkpoint, to: model)
        try Data(#"{"prompts": {"query": "q: {text}", "document_image": "{image} page"}}"#.utf8)
            .write(to: model.appending(path: "moca.json"))
        let data = BenchmarkFolder.fixtures.appending(path: "data/vidore")
        let plain = try await folder.run(data: data).retrieval(.pages).scores
        let prompted = try await folder.run(model: model, data: data).retrieval(.pages).scores
        #expect(plain.data == prompted.data)
        #expect(plain.settings["prompts_digest"] != prompted.settings["prompts_digest"])
        #expect(plain.outcomes != prompted.outcomes)
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
        await #expect(throws: EvaluationError.self) {
            try await EvaluationRun(
                embedder: run.embedder, model: "tiny",
                data: folder.data.appending(path: "Words/corpus"), output: folder.output
            ).retrieval(.any)
        }
    }

    // MARK: Layouts, parts, faults

    /// Ten documents and four queries; the first two are one question in two languages.
    private func writeSet(
        _ name: String, isReversed: Bool = false,
        judgements: [(String, String, Int)] = [
            ("q0", "d1", 1), ("q1", "d1", 1), ("q2", "d2", 2), ("q2", "d3", 1), ("nobody", "d4", 1),
            ("q2", "nothing", 1),
        ]
    ) throws {
        let documents = (0..<10).map { ["corpus-id": "d\($0)", "text": "page number \($0)"] }
        let languages = ["en", "de", "en", "en"]
        let queries = (0..<4).map {
            ["query-id": "q\($0)", "query": "where is \($0)?", "language": languages[$0]]
        }
        try folder.write(
            isReversed ? documents.reversed() : documents, to: "\(name)/corpus/test.jsonl")
        try folder.write(
            isReversed ? queries.reversed() : queries, to: "\(name)/queries/test.jsonl")
        try folder.write(
            judgements.map { ["query-id": $0.0, "corpus-id": $0.1, "score": $0.2] },
            to: "\(name)/qrels/test.jsonl")
    }

    private func score(_ report: EvaluationRun.Report, _ name: String) throws -> RetrievalScore {
        guard case .retrieval(let score)? = report.scores.sets[name] else {
            throw EvaluationError.noQueries(set: name)
        }
        return score
    }

    @Test func whatDoesNotFitTogetherIsCounted() async throws {
        try writeSet("Small")
        let score = try score(try await folder.run().retrieval(.any), "Small")
        #expect(
            score.judgements
                == JudgementCount(unjudgedQueries: 1, ofUnknownQueries: 1, ofUnknownDocuments: 1))
        #expect(score.queryCount == 3)
        #expect(
            score.bootstrap
                == BootstrapUnits(unit: .translations, count: 2, sampleCount: 10_000))
        let outcomes = try [QueryOutcome](set: "Small", in: folder.output)
        #expect(outcomes.map(\.group) == ["q0", "q0", "q2"])
        #expect(outcomes.allSatisfy { (1...10).contains($0.rankOfRelevant ?? 0) })
    }

    @Test func aPartDoesNotDependOnTheOrderOfRows() async throws {
        try writeSet("A/Small")
        try writeSet("B/Small", isReversed: true)
        var run = try await folder.run(data: folder.data.appending(path: "A"))
        run.part = EvaluationPart(queryCount: 2, documentCount: 5)
        let one = try await run.retrieval(.any)
        run.data = folder.data.appending(path: "B")
        run.output = folder.url.appending(path: "reversed")
        let two = try await run.retrieval(.any)
        let (a, b) = (try score(one, "Small"), try score(two, "Small"))
        #expect(a.metrics == b.metrics && a.queryCount == 2)
        #expect((one.embeddedCount, two.embeddedCount) == (7, 7))
        #expect(Set(one.scores.groups.keys) == ["mean"])
        // All relevant ones, even where there are more than wanted.
        run.part = EvaluationPart(documentCount: 1)
        run.output = folder.url.appending(path: "relevant")
        #expect(try await run.retrieval(.any).embeddedCount == 4 + 3)
    }

    /// BEIR's own files, in a folder that is a link.
    @Test func beirsFilesAreRead() async throws {
        try writeSet("Small")
        try folder.write(
            (0..<10).map { ["_id": "d\($0)", "title": "", "text": "page number \($0)"] },
            to: "../elsewhere/corpus.jsonl")
        try folder.write(
            (0..<4).map { ["_id": "q\($0)", "text": "where is \($0)?"] },
            to: "../elsewhere/queries.jsonl")
        let judgements = [
            "query-id\tcorpus-id\tscore", "q0\td1\t1", "q1\td1\t1", "q2\td2\t2", "q2\td3\t1",
        ].joined(separator: "\r\n")
        let elsewhere = folder.url.appending(path: "elsewhere")
        try FileManager.default.createDirectory(
            at: elsewhere.appending(path: "qrels"), withIntermediateDirectories: true)
        for split in ["dev", "test", "train"] {
            try Data((split == "test" ? judgements : "query-id\tcorpus-id\tscore").utf8)
                .write(to: elsewhere.appending(path: "qrels/\(split).tsv"))
        }
        try FileManager.default.createSymbolicLink(
            at: folder.data.appending(path: "Linked"), withDestinationURL: elsewhere)
        let report = try await folder.run().retrieval(.any)
        let (small, linked) = (try score(report, "Small"), try score(report, "Linked"))
        #expect(linked.queryCount == 3 && linked.judgements?.unjudgedQueries == 1)
        // Small judges one more document, which is not there.
        #expect(linked.metrics.ndcg[1] == small.metrics.ndcg[1])
        #expect(linked.bootstrap?.unit == .query)
        let broken = elsewhere.appending(path: "qrels/test.tsv")
        for (line, reason) in [
            ("q0\td1", "it has 2 fields, the first line 3"), ("q0\td1\tx", "found text"),
        ] {
            try Data("query-id\tcorpus-id\tscore\n\(line)\n".utf8).write(to: broken)
            do {
                _ = try await folder.run().retrieval(.any)
                Issue.record("\(line) was scored")
            } catch let error as any UserFacingError {
                #expect(error.oneLine.contains("test.tsv, line 2"))
                #expect(error.oneLine.contains(reason))
            }
        }
    }

    @Test func anIncompleteSetIsNamed() async throws {
        try writeSet("Small")
        try FileManager.default.createDirectory(
            at: folder.data.appending(path: "Half/queries"), withIntermediateDirectories: true)
        var run = try await folder.run()
        let all = run
        let error = EvaluationError.incompleteSet(
            folder: folder.data.appending(path: "Half").path, missing: ["corpus", "qrels"])
        await #expect(throws: error) { try await all.retrieval(.any) }
        run.subsets = ["Small"]
        #expect(try await run.retrieval(.any).scores.sets.count == 1)
    }

    @Test func whatStandsTwiceIsNamed() async throws {
        try writeSet("Small", judgements: [("q0", "d1", 1), ("q0", "d1", 1)])
        #expect(try score(try await folder.run().retrieval(.any), "Small").queryCount == 1)
        try writeSet("Small", judgements: [("q0", "d1", 1), ("q0", "d1", 2)])
        try await expectDuplicate("qrels/test.jsonl, line 2", "query 'q0' and document 'd1'")
        try writeSet("Small")
        try folder.write(
            ["q0", "q1", "q0"].map { ["query-id": $0, "query": "x"] },
            to: "Small/queries/test.jsonl")
        try await expectDuplicate("queries/test.jsonl, line 3", "query 'q0'")
        try writeSet("Small")
        try folder.write(
            ["d0", "d0"].map { ["corpus-id": $0, "text": "x"] }, to: "Small/corpus/test.jsonl")
        try await expectDuplicate("corpus/test.jsonl, line 2", "document 'd0'")
    }

    private func expectDuplicate(_ place: String, _ what: String) async throws {
        do {
            _ = try await folder.run().retrieval(.any)
            Issue.record("\(what) was scored")
        } catch let error as any UserFacingError {
            #expect(error.oneLine.contains(place) && error.oneLine.contains(what))
        }
    }

    @Test func theSearchCanBeInterrupted() async throws {
        try writeSet("Small")
        var run = try await folder.run()
        _ = try await run.retrieval(.any)
        // Nothing is left to embed: only the search asks.
        run.isInterrupted = { true }
        let stopped = run
        await #expect(
            throws: EvaluationError.interrupted(output: folder.output.path, kept: 14)
        ) { try await stopped.retrieval(.any) }
    }
}
