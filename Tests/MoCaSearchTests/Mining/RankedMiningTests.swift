import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import MoCaVectors
import Testing
@testable import MoCaSearch

/// Several ranks embed what is mined; the result is that of one process.
struct RankedMiningTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.copyPicture("jpeg_420.jpg", to: "whole.jpg")
        let picture = try Data(contentsOf: folder.url.appending(path: "whole.jpg"))
        try picture.prefix(picture.count / 2).write(to: folder.url.appending(path: "half.jpg"))
        // Long enough for two windows of each subset.
        let long = String(repeating: "several words ", count: 24)
        for subset in ["a", "b"] {
            var lines = (0..<150).map {
                "{\"qry\": \"\($0) \(subset) \(long)\", \"pos_text\": \"\(long) \($0 * 7 % 90)\"}\n"
            }
            // The window fails, and its other records are embedded one by one.
            lines[20] = "{\"qry\": \"x\", \"pos_text\": \"\", \"pos_image_path\": \"half.jpg\"}\n"
            try folder.write(lines.joined(), to: "data/\(subset)/train.jsonl")
        }
    }

    private func miner(_ output: String) async throws -> NegativeMiner {
        let options = EmbedderOptions()
        var miner = NegativeMiner(
            embedder: try await Embedder(loading: Fixtures.checkpoint, options: options),
            model: try ModelIdentity(of: Fixtures.checkpoint, options),
            output: folder.url.appending(path: output))
        miner.badRecords = .skip
        return miner
    }

    private var data: [URL] { [folder.url.appending(path: "data")] }

    /// The files of all subsets.
    private func files(_ output: String) throws -> [Data] {
        try ["a", "b"].flatMap { subset in
            try ["train.parquet", "mining.json"].map {
                try Data(contentsOf: folder.url.appending(path: "\(output)/\(subset)/\($0)"))
            }
        }
    }

    @Test func ranksAreOneProcess() async throws {
        _ = try await miner("whole").mine(data, images: folder.url)
        let (first, second) = (try await miner("ranks"), try await miner("ranks"))
        let (data, images) = (data, folder.url)
        var (one, two) = (RankShare(rank: 0, of: 2), RankShare(rank: 1, of: 2))
        one.interval = .milliseconds(50)
        two.interval = .milliseconds(50)
        let shares = (one, two)
        async let other: Void = second.embedShare(shares.1, of: data, images: images)
        try await first.embedShare(shares.0, of: data, images: images)
        try await other
        let scratch = folder.url.appending(path: "ranks/.vectors")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).count == 1)
        let reports = try await first.mine(data, images: images)
        #expect(reports.map { $0.failed?.count } == [1, 1])
        #expect(try files("ranks") == files("whole"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path))
        // The result is there, and is not replaced.
        await #expect(throws: SearchError.self) {
            try await first.embedShare(shares.0, of: data, images: images)
        }
    }
}
