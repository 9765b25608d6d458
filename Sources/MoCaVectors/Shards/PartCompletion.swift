// The file that makes the part of a shard complete.

import Foundation
import MoCaSettings
import MoCaSystem

/// The records of an input from its beginning up to some record.
struct InputExtent: Codable, Sendable, Hashable {
    var records: Int
    var windows: Int
    /// The identity of the records.
    var fingerprint: String
}

/// The contents of `complete.json`, which is written when a shard has all of its vectors.
struct PartCompletion: Codable, Sendable, Hashable {
    static let fileName = "complete.json"

    /// The extent of the whole input, which all shards have read.
    var input: InputExtent
    /// The number of records of the shard.
    var records: Int
    /// The number of vectors of the shard, of which a record may have several.
    var vectors: Int
    /// The number of records of the shard without a vector.
    var failures: Int
    /// The SHA-256 hash of `records.jsonl`; the vectors have digests of their own.
    var recordsDigest: String
    /// The report of the run that completed the part.
    var report: EmbeddingReport

    private enum CodingKeys: String, CodingKey {
        case input, records, vectors, failures, report
        case recordsDigest = "records_sha256"
    }
}

extension PartCompletion {
    private static let chunkByteCount = 1 << 20

    /// Reads the file in the folder of a part; nil if it does not exist.
    ///
    /// - Throws: `VectorError.damagedProgress`.
    init?(in folder: URL) throws {
        let file = folder.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            self = try JSONDecoder().decode(PartCompletion.self, from: Data(contentsOf: file))
        } catch let error as DecodingError {
            throw VectorError.damagedProgress(file: file.path, reason: error.reason)
        } catch {
            throw VectorError.damagedProgress(file: file.path, reason: error.fileReason)
        }
    }

    /// The SHA-256 hash of a file, in hexadecimal digits.
    ///
    /// - Throws: `VectorError.damagedProgress`.
    static func digest(of file: URL) throws -> String {
        let reader = try RandomAccessFile(opening: file.path) {
            VectorError.damagedProgress(file: file.path, reason: $0.reason)
        }
        var (hash, offset) = (SHA256(), 0)
        while true {
            let chunk = try reader.read(at: offset, count: chunkByteCount)
            guard !chunk.isEmpty else { return hash.hexadecimal }
            hash.add(chunk)
            offset += chunk.count
        }
    }
}
