import Foundation
import MoCaCore
import MoCaSettings
import MoCaTables
import Synchronization
import Testing
@testable import MoCaData
@testable import MoCaEvaluation

/// Sets whose queries are documents too, and the layouts of mteb.
struct RetrievalRulesTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    /// Twelve documents, of which the first four are queries too.
    private func writeSet(_ name: String, rules: String? = nil) throws {
        let texts = (0..<12).map { "an argument about number \($0 / 2) and \($0 * 7)" }
        try folder.write(
            texts.enumerated().map { ["_id": "d\($0.offset)", "text": $0.element] },
            to: "\(name)/corpus.jsonl")
        try folder.write(
            (0..<4).map { ["_id": "d\($0)", "text": texts[$0]] }, to: "\(name)/queries.jsonl")
        var lines = "query-id\tcorpus-id\tscore\n"
        // The third query's own document is judged too.
        for (query, document) in [(0, 1), (1, 0), (2, 3), (2, 2), (3, 9)] {
            lines += "d\(query)\td\(document)\t 1.0 \n"
        }
        try put(lines, "\(name)/qrels/test.tsv")
        if let rules { try put(rules, "\(name)/set.json") }
    }

    private func put(_ text: String, _ path: String) throws {
        let file = folder.data.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func score(_ report: EvaluationRun.Report, _ name: String) throws -> RetrievalScore {
        guard case .retrieval(let score)? = report.scores.sets[name] else {
            throw EvaluationError.noQueries(set: name)
        }
        return score
    }

    /// nDCG at 10 of each query in order, as `pytrec_eval` computes it from results without the
    /// query's own id, which BEIR removes before.
    private func plain(_ run: EvaluationRun, withoutOwn: Bool) async throws -> [Double] {
        let texts = (0..<12).map { "an argument about number \($0 / 2) and \($0 * 7)" }
        let judged: [Int: [Int]] = [0: [1], 1: [0], 2: [3, 2], 3: [9]]
        var values: [Double] = []
        for query in 0..<4 {
            let scores = try await PlainScores(embedder: run.embedder)(
                .text(texts[query]), texts.map { .text($0) })
            let order = scores.indices.filter { !withoutOwn || $0 != query }
                .sorted { scores[$0] > scores[$1] }
            let gains = order.prefix(10).map { judged[query]!.contains($0) ? 1.0 : 0 }
            let discounts = (0..<10).map { 1 / log2(Double($0) + 2) }
            let ideal = discounts.prefix(judged[query]!.count).reduce(0, +)
            values.append(zip(gains, discounts).reduce(0) { $0 + $1.0 * $1.1 } / ideal)
        }
        return values
    }

    @Test func theOwnDocumentIsLeftOutWhereTheSetSaysSo() async throws {
        try writeSet("ArguAna")
        try writeSet("Kept", rules: "{\"ignore_identical_ids\": false}")
        try writeSet("quora-retrieval", rules: "{\"ignore_identical_ids\": true}")
        try writeSet("Other")
        var run = try await folder.run()
        let report = try await run.retrieval(.any)
        #expect(
            report.scores.settings["ignore_identical_ids"]
                == .array([.string("ArguAna"), .string("quora-retrieval")]))
        for (name, withoutOwn) in [
            ("ArguAna", true), ("Kept", false), ("quora-retrieval", true), ("Other", false),
        ] {
            let expected = try await plain(run, withoutOwn: withoutOwn)
            let found = try #require(report.scores.outcomes[name])
            #expect(!found.isEmpty)
            let mean = expected.reduce(0, +) / 4
            let score = try score(report, name)
            #expect(abs((score.metrics.ndcg[10] ?? -1) - mean) < 1e-9, "\(name)")
        }
        // Equal contents, but other rankings: the scores are not comparable.
        #expect(report.scores.data["ArguAna"] != report.scores.data["Other"])
        #expect(report.scores.data["Kept"] == report.scores.data["Other"])
        // The option replaces the rules of all sets.
        run.ignoresIdenticalIDs = false
        let all = try await run.retrieval(.any)
        #expect(all.scores.settings["ignore_identical_ids"] == nil)
        #expect(try score(all, "ArguAna").metrics == score(report, "Other").metrics)
        run.ignoresIdenticalIDs = true
        let none = try await run.retrieval(.any)
        #expect(try score(none, "Other").metrics == score(report, "ArguAna").metrics)
    }

    @Test(arguments: [
        ("[]", "it is not a JSON object"),
        (
            "{\"ignore_ids\": true}",
            "its key 'ignore_ids' is not known (known: ignore_identical_ids)"
        ),
        ("{\"ignore_identical_ids\": 1}", "'ignore_identical_ids' is 1, must be true or false"),
    ])
    func wrongRulesAreRefused(text: String, reason: String) async throws {
        try writeSet("Set", rules: text)
        let run = try await folder.run()
        let file = folder.data.appending(path: "Set/set.json")
        await #expect(throws: DataError.unreadableFile(path: file.path, reason: reason)) {
            try await run.retrieval(.any)
        }
    }

    // MARK: Layouts of mteb

    private func writeParts(
        _ name: String, corpus: String, queries: String, qrels: String, id: String
    ) throws {
        try folder.write(
            (0..<4).map { [id: "d\($0)", "title": "", "text": "page number \($0)"] },
            to: "\(name)/\(corpus)")
        try folder.write(
            (0..<2).map { [id: "q\($0)", "text": "number \($0)"] }, to: "\(name)/\(queries)")
        try folder.write(
            (0..<2).map { ["query-id": "q\($0)", "corpus-id": "d\($0)", "score": 1.0] },
            to: "\(name)/\(qrels)")
    }

    /// Folders as `push_to_hub` and `mteb` name them; of several splits the one called test counts.
    @Test func layoutsOfMTEBAreRead() async throws {
        try writeParts(
            "hub", corpus: "corpus/corpus-00000-of-00001.jsonl",
            queries: "queries/queries-00000-of-00001.jsonl",
            qrels: "data/test-00000-of-00001.jsonl", id: "_id")
        try writeParts(
            "newer", corpus: "corpus/test-00000-of-00001.jsonl",
            queries: "queries/test-00000-of-00001.jsonl",
            qrels: "default/test-00000-of-00001.jsonl", id: "id")
        try writeParts(
            "splits", corpus: "corpus/test.jsonl", queries: "queries/test.jsonl",
            qrels: "qrels/test.jsonl", id: "id")
        for part in ["corpus", "queries"] {
            try folder.write(
                [["id": "x", "text": "of the other split"]], to: "splits/\(part)/dev.jsonl")
        }
        try folder.write(
            [["query-id": "x", "corpus-id": "x", "score": 1]], to: "splits/qrels/dev.jsonl")
        let report = try await folder.run().retrieval(.any)
        let metrics = try ["hub", "newer", "splits"].map { try score(report, $0).metrics }
        #expect(metrics[0] == metrics[1] && metrics[1] == metrics[2])
        #expect(try score(report, "splits").queryCount == 2)
    }

    /// Integers as spreadsheets and pandas write them.
    @Test(arguments: ["1", "1.0", " 1 ", "1\r", "+1", "1e0"])
    func numbersOfTabbedFilesAreRead(text: String) throws {
        try writeSet("Set")
        try put("query-id\tcorpus-id\tscore\nd0\td1\t\(text)\n", "Set/qrels/test.tsv")
        let set = try RetrievalSet(folder: folder.data.appending(path: "Set"))
        #expect(set.relevance == ["d0": ["d1": 1]])
    }

    @Test(arguments: ["1.5", "one", "", "1,0", "0x1", "0x1p0", "inf", "\"1\""])
    func otherNumbersAreRefused(text: String) throws {
        try writeSet("Set")
        try put("query-id\tcorpus-id\tscore\nd0\td1\t\(text)\n", "Set/qrels/test.tsv")
        #expect(throws: DataError.self) {
            try RetrievalSet(folder: folder.data.appending(path: "Set"))
        }
    }

    /// Ids that no query and no document would have.
    @Test(arguments: [
        ("\"d0\"\td1\t1", "its query-id is in quotes: \"d0\""),
        ("d0\t\"d1\"\t1", "its corpus-id is in quotes: \"d1\""),
        ("d0\t\t1", "its corpus-id is empty"), (" \td1\t1", "its query-id is empty"),
    ])
    func idsThatWouldVanishAreRefused(line: String, reason: String) throws {
        try writeSet("Set")
        try put("query-id\tcorpus-id\tscore\nd0\td1\t1\n\(line)\n", "Set/qrels/test.tsv")
        let file = folder.data.appending(path: "Set/qrels/test.tsv").path
        let error = DataError.malformedFields(
            RecordLocation(file: file, place: .line(3)), reason: reason)
        #expect(throws: error) {
            try RetrievalSet(folder: folder.data.appending(path: "Set"))
        }
    }

    @Test func emptyIdsAreRefused() throws {
        try writeSet("Set")
        try folder.write([["_id": "", "text": "a"]], to: "Set/queries.jsonl")
        let file = folder.data.appending(path: "Set/queries.jsonl").path
        let error = DataError.valueMissing(
            RecordLocation(file: file, place: .line(1)), column: "query-id")
        #expect(throws: error) {
            try RetrievalSet(folder: folder.data.appending(path: "Set"))
        }
    }

    /// Judgements of what the set does not have are noted with the place of the first.
    @Test func unknownIdsAreNoted() async throws {
        try writeSet("Set")
        let lines = ["d0\td1\t1", "d0\tx\t1", "y\td1\t1", "y\tz\t0"]
        try put(
            (["query-id\tcorpus-id\tscore"] + lines).joined(separator: "\n"),
            "Set/qrels/test.tsv")
        let found = Mutex<[String]>([])
        var run = try await folder.run()
        run.tell = { event in
            if case .noted(let note) = event { found.withLock { $0.append(note) } }
        }
        _ = try await run.retrieval(.any)
        let file = folder.data.appending(path: "Set/qrels/test.tsv").path
        #expect(
            found.withLock { $0 } == [
                "Set: it lacks the queries of 2 judgements, the first 'y' (\(file), line 4); these "
                    + "are left out",
                "Set: it lacks the documents of 2 judgements, the first 'x' (\(file), line 3); "
                    + "relevant ones count as not found",
            ])
    }
}
