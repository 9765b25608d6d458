// Weights go where they belong, or nothing is loaded.

import Foundation
import MoCaCore
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaModel

@Suite struct LoadingTests {
    private let folder = ModelFixtures.folder.appending(path: "checkpoint")

    /// A copy of the checkpoint whose tensors were changed.
    private func changed(
        _ change: (inout [(tensor: SafetensorsDeclaration, bytes: Data)]) -> Void
    ) throws -> URL {
        let copy = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: folder.appending(path: "config.json"), to: copy.appending(path: "config.json"))
        let file = try SafetensorsFile(mapping: folder.appending(path: "model.safetensors"))
        var contents = try file.names.map { name in
            let entry = try file.entry(name)
            return (
                tensor: SafetensorsDeclaration(name, entry.dtype, entry.shape),
                bytes: try file.withBytes(of: name) { Data($0) }
            )
        }
        change(&contents)
        try SafetensorsWriter.write(contents, to: copy.appending(path: "model.safetensors"))
        return copy
    }

    @Test func everyWrongWeightIsNamedAtOnce() throws {
        let copy = try changed { contents in
            contents.removeAll { $0.tensor.name == "model.norm.weight" }
            let index = contents.firstIndex { $0.tensor.name == "visual.merger.mlp.2.bias" }!
            contents[index].tensor = SafetensorsDeclaration(
                "visual.merger.mlp.2.bias", .float32, [2, 16])
            contents.append(
                (SafetensorsDeclaration("visual.extra.weight", .float32, [1]), Data(count: 4)))
        }
        defer { try? FileManager.default.removeItem(at: copy) }
        let error = #expect(throws: ParameterError.self) {
            try PretrainedModel(loading: copy, LoadOptions())
        }
        #expect(
            error
                == .mismatch(
                    file: copy.appending(path: "model.safetensors").path,
                    missing: ["model.norm.weight"],
                    misshapen: ["visual.merger.mlp.2.bias is [2, 16], not [32]"],
                    unknown: ["visual.extra.weight"]))
    }

    @Test func headsAreLeftAsideWhenEmbeddingAndStartedWhenAbsent() throws {
        let bare = try changed { contents in
            contents.removeAll { CheckpointKeys.isPretrainingHead($0.tensor.name) }
        }
        defer { try? FileManager.default.removeItem(at: bare) }
        #expect(try PretrainedModel(loading: folder, LoadOptions()).reconstruction == nil)
        let started = try PretrainedModel(loading: bare, LoadOptions(purpose: .pretraining))
        let keys = started.store.tensors
        let copied = keys["mae_decoder.mlp.up_proj.weight"]!
        #expect(largestDifference(copied, keys["model.layers.1.mlp.up_proj.weight"]!) == 0)
        #expect(keys["mae_proj.bias"]!.array(Float.self).allSatisfy { $0 == 0 })
        let damaged = try changed { contents in
            contents.removeAll { $0.tensor.name == "mae_proj.weight" }
        }
        defer { try? FileManager.default.removeItem(at: damaged) }
        #expect(throws: ParameterError.self) {
            try PretrainedModel(loading: damaged, LoadOptions(purpose: .pretraining))
        }
    }

    @Test func savedModelsLoadWithEqualVectors() throws {
        let model = try PretrainedModel(
            loading: folder, LoadOptions(dtype: .float32, purpose: .pretraining))
        let copy = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: copy) }
        try model.save(to: copy)
        let again = try PretrainedModel(
            loading: copy, LoadOptions(dtype: .float32, purpose: .pretraining))
        #expect(Set(again.store.tensors.keys) == Set(model.store.tensors.keys))
        for (key, tensor) in model.store.tensors {
            #expect(largestDifference(tensor, again.store.tensors[key]!) == 0, "\(key)")
        }
    }

    @Test(arguments: ["tiny", "3b", "7b"])
    func keysAndShapesAreTheChecked(size: String) throws {
        let lines = try ModelFixtures.lines("integers/keys/\(size).txt")
        let data = try ModelFixtures.data("integers/configs/\(size).original.json")
        let configuration = try Qwen25VLConfiguration(parsing: data, file: size)
        let made = PretrainedModel.declarations(configuration, purpose: .pretraining)
            .map { "\($0.key) \($0.shape.map(String.init).joined(separator: "x"))" }
        #expect(made.sorted() == lines.sorted())
    }

    @Test func freshWeightsDependOnSeedAndKeyAlone() throws {
        let data = try Data(contentsOf: folder.appending(path: "config.json"))
        let configuration = try Qwen25VLConfiguration(parsing: data, file: "config.json")
        func make(_ seed: UInt64) -> [String: Tensor] {
            PretrainedModel(
                fresh: configuration, seed: seed,
                scheme: .unitVariance(embeddingDeviation: 1), LoadOptions(purpose: .pretraining)
            ).store.tensors
        }
        let (first, second, other) = (make(1), make(1), make(2))
        let key = "model.layers.0.mlp.up_proj.weight"
        #expect(largestDifference(first[key]!, second[key]!) == 0)
        #expect(largestDifference(first[key]!, other[key]!) > 0.01)
        let streamed = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: streamed, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: streamed) }
        try PretrainedModel.writeFresh(
            configuration, seed: 1, scheme: .unitVariance(embeddingDeviation: 1),
            dtype: .float32, purpose: .pretraining, to: streamed)
        let loaded = try PretrainedModel(loading: streamed, LoadOptions(purpose: .pretraining))
        #expect(largestDifference(loaded.store.tensors[key]!, first[key]!) == 0)
    }
}
