// Inputs of several windows, and jobs whose shards are merged.

import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaEmbedding
@testable import MoCaVectors

/// A job of several windows, and the folder of its outputs.
struct ShardedJob {
    let folder: URL
    var job: EmbeddingJob

    /// Sixty texts of unequal lengths, in windows of about ten.
    static func texts(in folder: URL) throws -> ShardedJob {
        let input = folder.appending(path: "in.jsonl")
        let lines = (0..<60).map { number in
            let words = String(repeating: "word ", count: 1 + number * 7 % 13)
            return "{\"id\": \"r\(number)\", \"text\": \"\(words)\(number)\"}"
        }
        try lines.joined(separator: "\n").write(to: input, atomically: true, encoding: .utf8)
        var sharded = ShardedJob(
            folder: folder,
            job: MoCaVectorsTests.job(input, folder.appending(path: "out.npy")) {
                $0.batchTokens = 32
            })
        sharded.job.windowTokens = 100
        return sharded
    }

    /// Six pictures, each in a window of its own.
    static func pictures(in folder: URL) -> ShardedJob {
        let files = Repository.fixtures.appending(path: "image/files")
        let names = ["rgb_56x84.png", "grey.png", "jpeg_420.jpg", "webp_lossless.webp"]
        var job = MoCaVectorsTests.job(records, folder.appending(path: "out.npy"))
        job.input = .images((names + names.prefix(2)).map { files.appending(path: $0) })
        job.windowTokens = 1
        return ShardedJob(folder: folder, job: job)
    }

    /// A vector for each token.
    static func severalVectors(in folder: URL) throws -> ShardedJob {
        var sharded = try texts(in: folder)
        sharded.job.model = Repository.fixtures.appending(path: "families/colqwen2_5")
        sharded.job.output = folder.appending(path: "out.safetensors")
        return sharded
    }

    /// The folder of a part.
    func part(_ index: Int, of count: Int) -> URL {
        WindowShard(index: index, of: count).part(of: job.output)
    }

    /// The job of one shard.
    func shard(_ index: Int, of count: Int) -> EmbeddingJob {
        var shard = job
        shard.shard = WindowShard(index: index, of: count)
        return shard
    }

    /// Embeds all shards, in another order than they are merged in.
    func embedShards(_ count: Int) async throws {
        for index in (0..<count).reversed() { _ = try await shard(index, of: count).run() }
    }

    /// Embeds the whole input in one process.
    ///
    /// - Returns: the files of the output, without the name of the output.
    func whole(_ name: String) async throws -> [String: Data] {
        var whole = job
        whole.output = folder.appending(path: name)
        _ = try await whole.run()
        return try files(of: name)
    }

    /// Merges the parts beside the output into a file of this name.
    @discardableResult
    func merge(_ name: String) throws -> VectorMerge.Report {
        let parts = try VectorMerge(output: job.output).folders()
        return try VectorMerge(parts: parts, output: folder.appending(path: name)).run()
    }

    /// The files whose names begin with `name`, by the rest of their names.
    func files(of name: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix(name) }
        return Dictionary(
            uniqueKeysWithValues: try names.map {
                (
                    String($0.dropFirst(name.count)),
                    try Data(contentsOf: folder.appending(path: $0))
                )
            })
    }

    /// Changes a byte of a file in a part.
    func change(_ file: String, ofPart index: Int, of count: Int, at place: Int) throws {
        let url = part(index, of: count).appending(path: file)
        var bytes = try Data(contentsOf: url)
        bytes[place < 0 ? bytes.count + place : place] ^= 1
        try bytes.write(to: url)
    }
}

/// The error that `body` throws.
func failure(_ body: () async throws -> Void) async -> VectorError? {
    do {
        try await body()
        Issue.record("nothing failed")
        return nil
    } catch {
        return error as? VectorError
    }
}
