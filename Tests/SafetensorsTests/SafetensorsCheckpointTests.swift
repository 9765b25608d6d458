import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import Safetensors

struct SafetensorsCheckpointTests {
    private let sharded = fixtures.appending(path: "sharded")

    @Test func shardedGoldenCheckpoint() throws {
        let checkpoint = try SafetensorsCheckpoint(opening: sharded)
        #expect(checkpoint.files.count == 2)
        #expect(checkpoint.metadata == ["format": "pt"])
        #expect(
            Set(checkpoint.names)
                == ["embed.weight", "layers.0.weight", "layers.1.weight", "head.weight"])
        for name in checkpoint.names {
            let bytes = try checkpoint.file(of: name).withBytes(of: name) { Data($0) }
            #expect(bytes == pattern(name, count: bytes.count))
            #expect(checkpoint.contains(name))
        }
        #expect(try checkpoint.entry("head.weight").dtype == .bfloat16)
        #expect(!checkpoint.contains("x"))
        #expect(
            throws: SafetensorsError.unknownTensor(file: checkpoint.url.path, tensor: "x")
        ) { try checkpoint.entry("x") }
    }

    /// Pickles of weights are named; those that a training leaves are none.
    @Test func pickledWeightsAreNamed() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("x", to: "training_args.bin")
        #expect(throws: SafetensorsError.noCheckpoint(folder: folder.url.path)) {
            try SafetensorsCheckpoint(opening: folder.url)
        }
        try folder.write("x", to: "pytorch_model.bin")
        let model = SafetensorsError.onlyPickle(
            folder: folder.url.path, file: "pytorch_model.bin")
        #expect(model.kind == .badData)
        #expect(throws: model) { try SafetensorsCheckpoint(opening: folder.url) }
        let file = folder.url.appending(path: "adapter_model.safetensors")
        #expect(throws: SafetensorsError.missing(file: file.path)) {
            try SafetensorsFile(mapping: file)
        }
        try folder.write("x", to: "adapter_model.bin")
        let adapter = SafetensorsError.onlyPickle(
            folder: folder.url.path, file: "adapter_model.bin")
        #expect(throws: adapter) { try SafetensorsFile(mapping: file) }
        #expect(throws: adapter) { try SafetensorsCheckpoint(opening: file) }
    }

    @Test func aFileAndAFolderWithOneFile() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        #expect(throws: SafetensorsError.noCheckpoint(folder: folder.url.path)) {
            try SafetensorsCheckpoint(opening: folder.url)
        }
        let url = folder.url.appending(path: "model.safetensors")
        try FileManager.default.copyItem(
            at: fixtures.appending(path: "shapes.safetensors"), to: url)
        #expect(try SafetensorsCheckpoint(opening: folder.url).names.count == 6)
        #expect(try SafetensorsCheckpoint(opening: url).names.count == 6)
        #expect(throws: SafetensorsError.missing(file: folder.url.path + "/none")) {
            try SafetensorsCheckpoint(opening: folder.url.appending(path: "none"))
        }
    }

    /// Opens the sharded checkpoint with another index.
    private func open(index: String, without missing: String? = nil) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for name in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        where name != missing {
            try FileManager.default.copyItem(
                at: sharded.appending(path: name), to: folder.url.appending(path: name))
        }
        let url = folder.url.appending(path: "model.safetensors.index.json")
        try Data(index.utf8).write(to: url)
        do {
            _ = try SafetensorsCheckpoint(opening: folder.url)
        } catch let error as SafetensorsError {
            // The folder's name is random.
            throw Fault(text: error.oneLine.replacingOccurrences(of: folder.url.path, with: "D"))
        }
    }

    private struct Fault: Error, Equatable {
        let text: String
    }

    @Test(arguments: [
        (
            #"{"weight_map":{"embed.weight":"model-00009-of-00002.safetensors"}}"#,
            "missing shard (D/model.safetensors.index.json): model-00009-of-00002.safetensors does "
                + "not exist; fetch the shard, and put it beside the index"
        ),
        (
            #"{"weight_map":{"head.weight":"model-00001-of-00002.safetensors"}}"#,
            "tensor not in its shard (D/model.safetensors.index.json, tensor 'head.weight'): "
                + "model-00001-of-00002.safetensors does not hold it; fetch the index and its "
                + "shards again, all from the same place"
        ),
        (
            #"{"weight_map":{"a":"../model-00001-of-00002.safetensors"}}"#,
            "invalid shard index (D/model.safetensors.index.json): "
                + "'../model-00001-of-00002.safetensors' is not the name of a file beside it; "
                + "fetch the index and its shards again, all from the same place"
        ),
        (
            #"{"weight_map":{"a":"b","a":"c"}}"#,
            "invalid shard index (D/model.safetensors.index.json, byte 27): the key 'a' stands "
                + "twice; fetch the index and its shards again, all from the same place"
        ),
        (
            #"{"weight_map":{}}"#,
            "invalid shard index (D/model.safetensors.index.json, byte 0): it has no weight_map; "
                + "fetch the index and its shards again, all from the same place"
        ),
        (
            #"{"metadata":{"total_size":1.5}} x"#,
            "invalid shard index (D/model.safetensors.index.json, byte 32): something follows the "
                + "value; fetch the index and its shards again, all from the same place"
        ),
    ])
    func brokenIndices(_ index: String, _ text: String) {
        #expect(throws: Fault(text: text)) { try open(index: index) }
    }

    @Test func aTensorInTwoShards() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for name in ["a", "b"] {
            try SafetensorsWriter.write(
                [(.init("w", .uint8, [1]), Data([1]))], to: folder.url.appending(path: name))
        }
        let index = folder.url.appending(path: "model.safetensors.index.json")
        try Data(#"{"weight_map":{"w":"a","v":"b"}}"#.utf8).write(to: index)
        #expect(
            throws: SafetensorsError.inTwoShards(
                file: index.path, tensor: "w", first: "a", second: "b")
        ) { try SafetensorsCheckpoint(opening: folder.url) }
    }
}
