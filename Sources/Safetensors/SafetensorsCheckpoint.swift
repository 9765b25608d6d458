// A checkpoint in Hugging Face layout: one file, or shards with an index.

public import Foundation
import MoCaSettings

/// The tensors of a checkpoint of one or several files.
///
///     let checkpoint = try SafetensorsCheckpoint(opening: folder)
///     let name = "lm_head.weight"
///     let first = try checkpoint.file(of: name).withBytes(of: name) { $0.first }
public struct SafetensorsCheckpoint: Sendable {
    /// The file name of a checkpoint of one file.
    static let fileName = "model.safetensors"
    /// The file name of the index of a checkpoint of several files.
    static let indexName = "model.safetensors.index.json"

    /// The file or the index that was opened.
    public let url: URL
    /// The files, sorted by name.
    public let files: [SafetensorsFile]
    /// The names of all tensors: file by file, in byte order of their data.
    public let names: [String]
    /// The metadata under `__metadata__`; if shards differ, the first one's value.
    public let metadata: [String: String]

    private let fileIndices: [String: Int]

    /// Opens a folder that contains `model.safetensors` (preferred) or
    /// `model.safetensors.index.json`, or one such file itself.
    ///
    /// - Throws: `SafetensorsError`.
    public init(opening url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw PickledWeights.errorForMissing(url)
        }
        self.url = isFolder.boolValue ? try Self.find(in: url) : url
        if self.url.pathExtension == "json" {
            let weightMap = try Self.weightMap(self.url)
            files = try Self.shards(Set(weightMap.values).sorted(), index: self.url)
            fileIndices = try Self.locate(files, weightMap: weightMap, index: self.url)
        } else {
            let file = try SafetensorsFile(mapping: self.url)
            files = [file]
            fileIndices = file.entries.mapValues { _ in 0 }
        }
        names = files.flatMap(\.names)
        metadata = files.reduce(into: [:]) { all, file in
            all.merge(file.metadata) { first, _ in first }
        }
    }

    /// The header's entry for the tensor `name`.
    ///
    /// - Throws: `SafetensorsError.unknownTensor`.
    public func entry(_ name: String) throws -> SafetensorsEntry {
        try file(of: name).entry(name)
    }

    /// The file that contains the tensor `name`.
    ///
    /// - Throws: `SafetensorsError.unknownTensor`.
    public func file(of name: String) throws -> SafetensorsFile {
        guard let index = fileIndices[name] else {
            throw SafetensorsError.unknownTensor(file: url.path, tensor: name)
        }
        return files[index]
    }

    /// Whether the checkpoint contains the tensor `name`.
    public func contains(_ name: String) -> Bool {
        fileIndices[name] != nil
    }

    // MARK: - Opening

    private static func find(in folder: URL) throws -> URL {
        for name in [fileName, indexName] {
            let candidate = folder.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        throw PickledWeights.errorForMissing(in: folder)
    }

    /// Reads the index, which maps tensor names to shard names.
    private static func weightMap(_ index: URL) throws -> [String: String] {
        let data: Data
        do {
            data = try Data(contentsOf: index)
        } catch {
            throw SafetensorsError.unreadable(
                file: index.path, reason: error.localizedDescription)
        }
        var map: [String: String]?
        do {
            try data.withUnsafeBytes { bytes in
                var scanner = JSONScanner(bytes.assumingMemoryBound(to: UInt8.self))
                try scanner.object { scanner, key in
                    if try scanner.string(key) == "weight_map", map == nil {
                        map = try scanner.stringMap()
                    } else {
                        try scanner.skipValue()
                    }
                }
                try scanner.end()
            }
        } catch let fault as JSONFault {
            throw SafetensorsError.invalidIndex(
                file: index.path, byte: fault.byte, reason: fault.reason)
        }
        guard let map, !map.isEmpty else {
            throw SafetensorsError.invalidIndex(
                file: index.path, byte: 0, reason: "it has no weight_map")
        }
        return map
    }

    private static func shards(_ names: [String], index: URL) throws -> [SafetensorsFile] {
        let folder = index.deletingLastPathComponent()
        return try names.map { name in
            // A name with a slash could lead out of the folder.
            guard !name.isEmpty, name != ".", name != "..", !name.contains("/"),
                !name.contains("\0")
            else { throw SafetensorsError.invalidShardName(file: index.path, shard: name) }
            do {
                return try SafetensorsFile(mapping: folder.appendingPathComponent(name))
            } catch SafetensorsError.missing {
                throw SafetensorsError.missingShard(file: index.path, shard: name)
            }
        }
    }

    /// Finds each tensor's file, including tensors that the index does not list, as `transformers`
    /// does, which loads whole shards.
    private static func locate(
        _ files: [SafetensorsFile], weightMap: [String: String], index: URL
    ) throws -> [String: Int] {
        var indices: [String: Int] = [:]
        for (position, file) in files.enumerated() {
            for name in file.names {
                guard let first = indices.updateValue(position, forKey: name) else { continue }
                throw SafetensorsError.inTwoShards(
                    file: index.path, tensor: name, first: files[first].url.lastPathComponent,
                    second: file.url.lastPathComponent)
            }
        }
        for (name, shard) in weightMap.sorted(by: { $0.key < $1.key }) {
            guard let position = indices[name], files[position].url.lastPathComponent == shard
            else {
                throw SafetensorsError.notInShard(file: index.path, tensor: name, shard: shard)
            }
        }
        return indices
    }
}
