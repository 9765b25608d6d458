// A writer of a checkpoint in Hugging Face layout: one file, or shards with an index.

public import Foundation
import MoCaSettings
import MoCaSystem

/// Writes a checkpoint in bounded memory, as shards of at most `shardBytesMax` bytes.
///
/// A checkpoint that fits one shard becomes `model.safetensors`; a larger one
/// `model-00001-of-00002.safetensors` and so on, with `model.safetensors.index.json`. No file has
/// its name before `finish()`, and the index is written last.
public final class ShardedSafetensorsWriter {
    /// The default shard size of `transformers`, in bytes.
    public static let shardBytesDefault = 5_000_000_000

    /// The tensors of each shard, in the order in which they must be appended.
    public let shards: [[SafetensorsDeclaration]]
    private let folder: URL
    private let metadata: [String: String]
    private let byteCount: Int
    private var writers: [SafetensorsWriter] = []
    private var shardOfName: [String: Int] = [:]

    /// Starts a checkpoint in `folder`, which must exist.
    ///
    /// - Parameters:
    ///   - tensors: all tensors, in the order in which they will be appended.
    ///   - metadata: the texts under `__metadata__` of every shard.
    /// - Throws: `SafetensorsError`.
    public init(
        _ folder: URL, tensors: [SafetensorsDeclaration],
        metadata: [String: String] = ["format": "pt"],
        shardBytesMax: Int = ShardedSafetensorsWriter.shardBytesDefault
    ) throws {
        self.folder = folder
        self.metadata = metadata
        (shards, byteCount) = try Self.plan(
            tensors, shardBytesMax: shardBytesMax, folder: folder.path)
        for (shard, declarations) in shards.enumerated() {
            for tensor in declarations {
                guard shardOfName.updateValue(shard, forKey: tensor.name) == nil else {
                    throw SafetensorsError.duplicateName(file: folder.path, tensor: tensor.name)
                }
            }
        }
        try refuseOtherCheckpoint()
    }

    /// Appends bytes to the tensor `name`, which must be the next incomplete one.
    ///
    /// - Throws: `SafetensorsError`.
    public func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws {
        guard let shard = shardOfName[name], shard >= writers.count - 1 else {
            throw SafetensorsError.wrongOrder(
                file: folder.path, tensor: name, expected: "one of shard \(max(1, writers.count))")
        }
        try start(through: shard)
        try writers[shard].append(bytes, to: name)
    }

    /// Completes all files and renames them to their final names.
    ///
    /// - Throws: `SafetensorsError`.
    public func finish() throws {
        try start(through: shards.count - 1)
        try writers.last?.complete()
        for writer in writers { try writer.publish() }
        if shards.count > 1 { try writeIndex() }
    }

    // MARK: - Shards

    /// Splits the list greedily; a tensor larger than a shard gets its own.
    private static func plan(
        _ tensors: [SafetensorsDeclaration], shardBytesMax: Int, folder: String
    ) throws -> (shards: [[SafetensorsDeclaration]], byteCount: Int) {
        var shards: [[SafetensorsDeclaration]] = [[]]
        var size = 0
        var total = 0
        for tensor in tensors {
            let count = try tensor.byteCount(file: folder)
            if size + count > shardBytesMax, shards[shards.count - 1].isEmpty == false {
                shards.append([])
                size = 0
            }
            shards[shards.count - 1].append(tensor)
            size += count
            total += count
        }
        return (shards, total)
    }

    /// Completes the current shard and starts the following ones up to `shard`.
    private func start(through shard: Int) throws {
        while writers.count <= shard {
            try writers.last?.complete()
            let url = folder.appendingPathComponent(name(ofShard: writers.count))
            writers.append(
                try SafetensorsWriter(url, tensors: shards[writers.count], metadata: metadata))
        }
    }

    private func name(ofShard shard: Int) -> String {
        guard shards.count > 1 else { return SafetensorsCheckpoint.fileName }
        let number = { (value: Int) in
            String(repeating: "0", count: max(0, 5 - String(value).count)) + String(value)
        }
        return "model-\(number(shard + 1))-of-\(number(shards.count)).safetensors"
    }

    /// A checkpoint of the other layout would be loaded instead of this one or mixed with it.
    private func refuseOtherCheckpoint() throws {
        let others =
            shards.count > 1
            ? [SafetensorsCheckpoint.fileName, SafetensorsCheckpoint.indexName]
            : [SafetensorsCheckpoint.indexName]
        for other in others.map({ folder.appendingPathComponent($0) })
        where FileManager.default.fileExists(atPath: other.path) {
            throw SafetensorsError.checkpointExists(file: other.path)
        }
    }

    private func writeIndex() throws {
        let index = JSON.object([
            "metadata": .object(["total_size": .integer(byteCount)]),
            "weight_map": .object(JSONObject(shardOfName.mapValues { .string(name(ofShard: $0)) })),
        ])
        let url = folder.appendingPathComponent(SafetensorsCheckpoint.indexName)
        let data = try JSONFormat.document.data(index)
        do {
            try AtomicFile.write(data, to: url)
        } catch {
            throw SafetensorsError.writeFailed(file: error.path, reason: error.reason)
        }
    }
}
