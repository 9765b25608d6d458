// Adapters that PEFT wrote, against what PEFT computes with them.

import Foundation
import MoCaCore
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaModel

@Suite struct AdapterTests {
    private let base = ModelFixtures.folder.appending(path: "checkpoint")
    private let adapters = ModelFixtures.folder.deletingLastPathComponent()
        .appending(path: "adapters")

    private func load(
        _ name: String, isTrainable: Bool, purpose: CheckpointRules.Purpose = .embedding
    ) throws -> PretrainedModel {
        try PretrainedModel(
            loading: base,
            LoadOptions(
                dtype: .float32, purpose: purpose, isTrainable: isTrainable,
                adapter: .stored(adapters.appending(path: name))))
    }

    private func golden(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(mapping: adapters.appending(path: "\(name)/golden.safetensors"))
    }

    private func embed(_ model: PretrainedModel) throws -> Tensor {
        let batch = try GoldenBatch("states_mixed.safetensors")
        let input = try batch.input(model.configuration)
        return withoutGradient { EmbeddingModel(model.backbone, PoolingSettings())(input) }
    }

    private func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// While it is trained, merged when it is loaded, merged by `DerivedModel`, and as saved.
    @Test(arguments: ["released", "pattern"])
    func vectorsAreThoseOfPEFT(name: String) throws {
        let file = try golden(name)
        let expected = try #require(try Tensor("embedding", in: file))
        let trained = try load(name, isTrainable: true)
        let merged = try load(name, isTrainable: false)
        #expect(largestDifference(try embed(trained), expected) <= 1e-5)
        #expect(largestDifference(try embed(merged), expected) <= 1e-5)
        let plain = try PretrainedModel(loading: base, LoadOptions(dtype: .float32))
        #expect(largestDifference(try embed(plain), expected) > 1e-2)
        for key in file.names where key.hasPrefix("merged.") {
            let weight = try #require(try Tensor(key, in: file))
            let own = try #require(merged.store.tensors[String(key.dropFirst("merged.".count))])
            #expect(largestDifference(own, weight) <= 1e-5, "\(key)")
        }
        try withFolder { folder in
            try DerivedModel.merge(
                base: base, adapter: adapters.appending(path: name), to: folder)
            let again = try PretrainedModel(
                loading: folder, LoadOptions(dtype: .float32, purpose: .pretraining))
            #expect(largestDifference(try embed(again), expected) <= 1e-5)
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.appending(path: "tokenizer.json").path))
        }
        try withFolder { folder in
            try trained.save(to: folder)
            let again = try PretrainedModel(loading: folder, LoadOptions(dtype: .float32))
            #expect(largestDifference(try embed(again), expected) <= 1e-5)
        }
    }

    /// The released code's suffixes hit the vision blocks too; only adapters are trained.
    @Test func theReleasedSuffixesHitBothTowers() throws {
        let settings = AdapterSettings(
            rank: 16, alpha: 64, dropout: 0.1,
            targets: .suffixes(["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"]),
            usesMagnitude: true, initialization: .gaussian)
        let model = try PretrainedModel(
            loading: base,
            LoadOptions(isTrainable: true, adapter: .fresh(settings, seed: 3)))
        let text = try load("released", isTrainable: true)
        #expect(model.store.adapters?.modules == text.store.adapters?.modules)
        #expect(model.store.adapters?.modules.count == 3 * 5 + 4)
        #expect(
            model.store.trainableParameters.map(\.key)
                == model.store.adapters?.parameters.map(\.key))
        #expect(model.store.trainableParameters.count == 3 * 19)
    }

    @Test(arguments: ["released", "pattern"])
    func filesOfOursAreThoseOfPEFT(name: String) throws {
        let model = try load(name, isTrainable: true)
        try withFolder { folder in
            try model.snapshot(base: base, copies: false).write(to: folder)
            let (own, theirs) = (
                try SafetensorsFile(
                    mapping: folder.appending(path: AdapterFiles.weightsName)),
                try SafetensorsFile(
                    mapping: adapters.appending(path: "\(name)/\(AdapterFiles.weightsName)"))
            )
            #expect(Set(own.names) == Set(theirs.names))
            for name in theirs.names {
                let (x, y) = (try Tensor(name, in: own), try Tensor(name, in: theirs))
                #expect(largestDifference(try #require(x), try #require(y)) == 0, "\(name)")
            }
            let again = try AdapterFiles(reading: folder)
            let before = try AdapterFiles(reading: adapters.appending(path: name))
            #expect(again.settings == before.settings)
            #expect(again.base == base.path)
        }
    }

    /// The base has a layer less and a narrower feed-forward layer.
    @Test func anAdapterOfAnotherModelIsRefusedByName() throws {
        try withFolder { folder in
            var configuration = try #require(
                PretrainedModel.configuration(of: base, names: [:]) as? Qwen25VLConfiguration)
            configuration.text.layerCount = 2
            configuration.text.intermediateSize = 40
            try PretrainedModel.writeFresh(
                configuration, seed: 1, scheme: .fixed(deviation: 1), dtype: .float32,
                purpose: .embedding, to: folder)
            let adapter = adapters.appending(path: "released")
            let merged = folder.appending(path: "merged")
            try FileManager.default.createDirectory(at: merged, withIntermediateDirectories: true)
            let attempts: [() throws -> Void] = [
                {
                    _ = try PretrainedModel(
                        loading: folder, LoadOptions(adapter: .stored(adapter)))
                }, { try DerivedModel.merge(base: folder, adapter: adapter, to: merged) },
            ]
            for attempt in attempts {
                var message = ""
                do {
                    try attempt()
                } catch let error as ParameterError {
                    message = error.oneLine
                }
                #expect(message.hasPrefix("adapter does not fit the model"))
                #expect(
                    message.contains(
                        "model.layers.0.mlp.down_proj.lora_A.weight is [16, 48], not [16, 40]"))
                #expect(message.contains("15 unknown: model.layers.2.mlp.down_proj.lora_A.weight"))
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: merged.path)
            #expect(left.isEmpty)
        }
    }

    @Test(arguments: [
        ("{\"peft_type\": \"IA3\"}", "peft_type is \"IA3\", must be \"LORA\""),
        ("{\"bias\": \"some\"}", "bias is \"some\", must be one of none, all, lora_only"),
        ("{\"rank_pattern\": {\"q_proj\": 0}}", "rank_pattern.q_proj is 0, must be positive"),
        (
            "{\"layer_replication\": [[0, 2]]}",
            "layer_replication is a list of 1, which is not supported"
        ),
        ("{\"lora_dropout\": 1}", "lora_dropout is 1.0, must be from 0 to below 1"),
        (
            "{\"init_lora_weights\": \"pissa\"}",
            "init_lora_weights is \"pissa\", which changes the base weights too: merge the adapter "
                + "with PEFT"
        ),
        ("{\"target_modules\": \"(\"}", "target_modules is no regular expression"),
    ])
    func settingsThatWeDoNotHaveAreRefused(text: String, problem: String) throws {
        try withFolder { folder in
            let url = folder.appending(path: AdapterFiles.configurationName)
            try Data(text.utf8).write(to: url)
            var message = ""
            do {
                _ = try AdapterFiles(reading: folder)
            } catch let error as ModelError {
                message = error.oneLine
            }
            #expect(message.contains("(\(url.path)): \(problem); "))
        }
    }

    @Test func newerNamesOfModulesAreRead() {
        let key = "model.layers.0.self_attn.q_proj"
        #expect(
            AdapterFiles.key(
                of: "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight")
                == "\(key).lora_A.weight")
        #expect(
            AdapterFiles.key(of: "base_model.model.\(key).lora_magnitude_vector.weight")
                == "\(key).lora_magnitude_vector")
    }

    @Test func theAverageIsThatOfTheWeights() throws {
        try withFolder { folder in
            let (one, two) = (folder.appending(path: "1"), folder.appending(path: "2"))
            let output = folder.appending(path: "out")
            for url in [one, two, output] {
                try FileManager.default.createDirectory(
                    at: url, withIntermediateDirectories: true)
            }
            let configuration = try PretrainedModel.configuration(of: base, names: [:])
            for (seed, url) in [one, two].enumerated() {
                try PretrainedModel.writeFresh(
                    configuration, seed: UInt64(seed), scheme: .fixed(deviation: 1),
                    dtype: .float32, purpose: .pretraining, to: url)
            }
            try DerivedModel.average([one, two], weights: [3, 1], to: output)
            let models = try [one, two, output].map {
                try PretrainedModel(loading: $0, LoadOptions(purpose: .pretraining))
            }
            for (key, tensor) in models[0].store.tensors {
                let expected = tensor * 0.75 + models[1].store.tensors[key]! * 0.25
                #expect(
                    largestDifference(models[2].store.tensors[key]!, expected) <= 1e-6, "\(key)")
            }
            #expect(throws: ModelError.self) {
                try DerivedModel.average(
                    [one, ModelFixtures.folder.appending(path: "checkpoint_newer")],
                    weights: [1, 1], to: folder)
            }
        }
    }
}
