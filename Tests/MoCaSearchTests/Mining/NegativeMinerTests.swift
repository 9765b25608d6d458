import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaTables
import MoCaTestSupport
import MoCaVectors
import Synchronization
import Testing
@testable import MoCaSearch

/// From folders of pairs to folders of pairs with negatives.
struct NegativeMinerTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // Two files with the same picture, and two with others.
        for name in ["a", "copy of a"] {
            try folder.copyPicture("rgb_56x84.png", to: "pictures/\(name).png")
        }
        try folder.copyPicture("jpeg_420.jpg", to: "pictures/b.jpg")
        try folder.copyPicture("grey.png", to: "pictures/c.png")
        try folder.write(
            """
            {"qry": "first", "pos_text": "", "pos_image_path": "a.png", "neg_text": "old"}
            {"qry": "second", "pos_text": "", "pos_image_path": "copy of a.png"}
            {"qry": "first", "pos_text": "", "pos_image_path": "b.jpg"}
            {"qry": "third", "pos_text": "", "pos_image_path": "c.png"}

            """, to: "data/pictures/train.jsonl")
        let lines = (0..<40).map {
            "{\"qry\": \"query \($0)\", \"pos_text\": \"text \($0 % 30)\"}\n"
        }
        try folder.write(lines.joined(), to: "data/texts/train.jsonl")
    }

    private func miner(
        _ output: String = "out", model: URL = Fixtures.checkpoint
    ) async throws -> NegativeMiner {
        let options = EmbedderOptions()
        return NegativeMiner(
            embedder: try await Embedder(loading: model, options: options),
            model: try ModelIdentity(of: model, options),
            output: folder.url.appending(path: output),
            vectors: folder.url.appending(path: "vectors"))
    }

    private func mine(_ miner: NegativeMiner) async throws -> [MiningReport] {
        try await miner.mine(
            [folder.url.appending(path: "data")], images: folder.url.appending(path: "pictures"))
    }

    /// How mining fails.
    private func failure(_ miner: NegativeMiner) async throws -> SearchError? {
        do {
            _ = try await mine(miner)
            return nil
        } catch let error as SearchError {
            return error
        }
    }

    private func records(_ subset: String, in output: String = "out") throws -> [ContrastiveRecord]
    {
        let file = try TableFile(
            folder.url.appending(path: "\(output)/\(subset)/train.parquet"))
        var records: [ContrastiveRecord] = []
        try file.forEachRow(columns: ContrastiveRecord.columns) {
            records.append(try ContrastiveRecord($0))
        }
        return records
    }

    /// With a vector for each token, the best of the others by the sum of maxima.
    @Test func severalVectorsOfAnInput() async throws {
        var miner = try await miner(
            model: Fixtures.folder.appending(path: "families/colqwen2_5"))
        miner.settings.negatives = 2
        _ = try await mine(miner)
        let texts = (0..<30).map { "text \($0)" }
        let documents = try await miner.embedder.embed(texts.map { .text($0) }, as: .document)
        for (number, record) in try records("texts").enumerated().prefix(8) {
            let text = try #require(record.query)
            let query = try await miner.embedder.embed([.text(text)], as: .query)[0]
            let scores = documents.map { query.similarity(to: $0) }
            let order = texts.indices.filter { $0 != number % 30 }.sorted {
                scores[$0] > scores[$1]
            }
            let best = order.prefix(2).map { scores[$0] }
            guard case .list(let found)? = record.negativeText else {
                Issue.record("no negatives")
                continue
            }
            // Rounding may turn neighbours around; the scores are the best ones.
            let negatives = try found.map { text -> Float in
                let index = try #require(texts.firstIndex { $0 == text })
                return scores[index]
            }
            for (negative, best) in zip(negatives, best) {
                #expect(abs(negative - best) < Float(1e-4))
            }
            #expect(negatives.count == 2)
        }
    }

    @Test func negativesAreOthersPositives() async throws {
        let reports = try await mine(try await miner())
        #expect(reports.map(\.subset) == ["pictures", "texts"])
        let pictures = try records("pictures")
        #expect(pictures.map(\.query) == ["first", "second", "first", "third"])
        #expect(pictures.map(\.positiveImagePath) == ["a.png", "copy of a.png", "b.jpg", "c.png"])
        // A copy of a positive is no negative, nor is the positive of another row.
        #expect(pictures[0].negativeImagePath == .list(["c.png"]))
        #expect(pictures[2].negativeImagePath == .list(["c.png"]))
        #expect(pictures[0].negativeText == .list([""]))
        guard case .list(let seconds)? = pictures[1].negativeImagePath else {
            Issue.record("no list")
            return
        }
        #expect(Set(seconds) == ["b.jpg", "c.png"])
        #expect(reports[0].counts.documents == 3 && reports[0].counts.queries == 3)
        #expect(reports[0].counts.replaced == 1)
        #expect(reports[0].fewerBecause == ["corpus_too_small": 3])
        #expect(reports[1].counts.documents == 30 && reports[1].counts.complete == 40)
        #expect(try MiningReport(in: folder.url.appending(path: "out/texts")) == reports[1])
    }

    @Test func negativesAreThoseOfAPlainLoop() async throws {
        let miner = try await miner()
        _ = try await mine(miner)
        let queries = try await miner.embedder.embed((0..<40).map { .text("query \($0)") })
        let texts = try await miner.embedder.embed((0..<30).map { .text("text \($0)") })
        for (row, record) in try records("texts").enumerated() {
            guard case .list(let negatives)? = record.negativeText else { continue }
            let ranked = texts.indices.filter { $0 != row % 30 }.sorted {
                queries[row].similarity(to: texts[$0]) > queries[row].similarity(to: texts[$1])
            }
            let scores = negatives.compactMap { text in
                Int(text.dropFirst(5)).map { queries[row].similarity(to: texts[$0]) }
            }
            #expect(negatives.count == 3 && scores.count == 3)
            for (score, document) in zip(scores, ranked) {
                #expect(abs(score - queries[row].similarity(to: texts[document])) < 1e-5)
            }
        }
    }

    @Test func anInterruptedRunGoesOn() async throws {
        var miner = try await miner()
        let whole = try await mine(miner)
        miner.output = folder.url.appending(path: "again")
        miner.vectors = folder.url.appending(path: "other vectors")
        let asked = Mutex(0)
        // Once for the pictures' vectors, once for their search, and once more.
        miner.isInterrupted = {
            asked.withLock {
                $0 += 1; return $0 > 2
            }
        }
        let error = try await failure(miner)
        // Three queries and three pictures.
        #expect(error == .miningInterrupted(output: miner.output.path, kept: 6))
        let here = try FileManager.default.contentsOfDirectory(atPath: miner.output.path)
        #expect(here == ["pictures"])
        miner.isInterrupted = { false }
        let pictures = miner.output.appending(path: "pictures").path
        #expect(try await failure(miner) == .outputExists(folder: pictures))
        miner.resumes = true
        let started = Mutex<[String]>([])
        miner.tell = { event in
            if case .started(let subset, _) = event { started.withLock { $0.append(subset) } }
        }
        #expect(try await mine(miner) == whole)
        #expect(started.withLock { $0 } == ["texts"])
        #expect(try records("texts", in: "again").count == 40)
        let files = ["out/texts/train.parquet", "again/texts/train.parquet"]
        let bytes = try files.map { try Data(contentsOf: folder.url.appending(path: $0)) }
        #expect(bytes[0] == bytes[1])
    }

    @Test func anotherRunsFoldersAreNotTaken() async throws {
        var miner = try await miner()
        _ = try await mine(miner)
        miner.resumes = true
        miner.settings.negatives = 2
        let mined = folder.url.appending(path: "out/pictures").path
        #expect(
            try await failure(miner)
                == .otherSettings(folder: mined, names: ["setting of mining"]))
        try folder.write("{}", to: "out/pictures/mining.json")
        #expect(try await failure(miner) == .damagedReport(file: "\(mined)/mining.json"))
    }

    /// What is written could not name images inside of shards.
    @Test func shardsAreRefused() async throws {
        let member = folder.url.appending(path: "shards").path
        try FileManager.default.createDirectory(
            atPath: member + "/tars", withIntermediateDirectories: true)
        try folder.write("{\"qry\": \"a\", \"pos_text\": \"b\"}", to: "shards/0.json")
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-cf", member + "/tars/0.tar", "-C", member, "0.json"]
        try tar.run()
        tar.waitUntilExit()
        let miner = try await miner()
        await #expect(throws: SearchError.shardedSubset(name: "tars")) {
            try await miner.mine(
                [folder.url.appending(path: "shards/tars")], images: folder.url)
        }
    }

    /// Records of a quarantine, and those that fail, are neither queries nor negatives.
    @Test func badRecordsAreLeftOut() async throws {
        let half = try Data(contentsOf: folder.url.appending(path: "pictures/b.jpg"))
        try half.prefix(half.count / 2).write(to: folder.url.appending(path: "pictures/half.jpg"))
        var lines = (0..<12).map { "{\"qry\": \"query \($0)\", \"pos_text\": \"text \($0)\"}\n" }
        lines[3] = "{\"qry\": \"broken\", \"pos_text\": \"\", \"pos_image_path\": \"half.jpg\"}\n"
        lines[5] = "{\"qry\": \"\", \"pos_text\": \"empty\"}\n"
        try folder.write(lines.joined(), to: "bad/texts/train.jsonl")
        let images = folder.url.appending(path: "pictures")
        var miner = try await miner("left")
        let data = [folder.url.appending(path: "bad")]
        miner.badRecords = .stop
        await #expect(throws: DataError.self) { try await miner.mine(data, images: images) }
        miner.badRecords = .skip
        miner.quarantine = [
            QuarantinedRecord(SampleID(subset: "texts", row: 8)),
            QuarantinedRecord(SampleID(subset: "others", row: 0)),
        ]
        let report = try #require(try await miner.mine(data, images: images).first)
        #expect(report.counts.records == 9 && report.counts.quarantined == 1)
        #expect(report.failed?.map(\.row) == [5, 3] || report.failed?.map(\.row) == [3, 5])
        #expect(report.failed?.first?.file?.hasSuffix("texts/train.jsonl") == true)
        let left = try records("texts", in: "left")
        #expect(left.map(\.query) == [0, 1, 2, 4, 6, 7, 9, 10, 11].map { "query \($0)" })
        for record in left {
            guard case .list(let negatives)? = record.negativeText else { continue }
            #expect(negatives.count == 3)
            #expect(!negatives.contains("text 8") && !negatives.contains("empty"))
        }
        // The same again is there; with another quarantine it is another run.
        miner.resumes = true
        #expect(try await miner.mine(data, images: images) == [report])
        miner.quarantine = []
        await #expect(throws: SearchError.self) { try await miner.mine(data, images: images) }
        miner.quarantine = [QuarantinedRecord(SampleID(subset: "texts", row: 12))]
        await #expect(throws: DataError.self) { try await miner.mine(data, images: images) }
    }
}
