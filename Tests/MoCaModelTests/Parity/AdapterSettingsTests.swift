// Settings of adapters that are merged only, against what PEFT computes with them.

import Foundation
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaModel

/// Ranks and alphas of single modules, trained biases and adapted embeddings.
@Suite struct AdapterSettingsTests {
    private let base = ModelFixtures.folder.appending(path: "checkpoint")
    private let adapters = ModelFixtures.folder.deletingLastPathComponent()
        .appending(path: "adapters")

    private func embed(_ folder: URL, adapter: URL? = nil) throws -> Tensor {
        let model = try PretrainedModel(
            loading: folder,
            LoadOptions(dtype: .float32, adapter: adapter.map { .stored($0) }))
        let input = try GoldenBatch("states_mixed.safetensors").input(model.configuration)
        return withoutGradient { EmbeddingModel(model.backbone, PoolingSettings())(input) }
    }

    /// The vectors and weights of the model with an adapter, loaded and merged by `DerivedModel`, are
    /// those of `golden`.
    private func expectGolden(_ adapter: URL, _ golden: String) throws {
        let file = try SafetensorsFile(
            mapping: adapters.appending(path: "\(golden)/golden.safetensors"))
        let expected = try #require(try Tensor("embedding", in: file))
        #expect(largestDifference(try embed(base, adapter: adapter), expected) <= 1e-5)
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        try DerivedModel.merge(base: base, adapter: adapter, to: temporary.url)
        #expect(largestDifference(try embed(temporary.url), expected) <= 1e-5)
        let merged = try SafetensorsCheckpoint(opening: temporary.url)
        let original = try SafetensorsCheckpoint(opening: base)
        var changed: Set<String> = []
        for name in merged.names {
            let own = try #require(try Tensor(name, in: merged.file(of: name)))
            let before = try #require(try Tensor(name, in: original.file(of: name)))
            guard let theirs = try? Tensor("merged.\(name)", in: file) else {
                #expect(largestDifference(own, before) == 0, "\(name)")
                continue
            }
            changed.insert("merged.\(name)")
            #expect(largestDifference(own, theirs) <= 1e-5, "\(name)")
        }
        #expect(changed == Set(file.names).subtracting(["embedding"]))
    }

    @Test(arguments: ["ranks", "bias_of_adapted", "bias_of_all", "embedding"])
    func mergedModelsAreThoseOfPEFT(name: String) throws {
        let adapter = adapters.appending(path: name)
        try expectGolden(adapter, name)
        let plain = try embed(base)
        #expect(largestDifference(try embed(base, adapter: adapter), plain) > 1e-2)
    }

    /// Newer versions of transformers have other names, which patterns of the file refer to.
    @Test func patternsMatchTheNamesOfTheFile() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let source = adapters.appending(path: "ranks")
        let file = try SafetensorsFile(
            mapping: source.appending(path: AdapterFiles.weightsName))
        func newer(_ name: String) -> String {
            name.replacing(".model.layers.", with: ".model.language_model.layers.")
                .replacing(".visual.", with: ".model.visual.")
        }
        try SafetensorsWriter.write(
            try file.names.sorted().map { name in
                let tensor = try #require(try Tensor(name, in: file))
                return (
                    tensor: SafetensorsDeclaration(newer(name), .float32, tensor.shape),
                    bytes: tensor.withBytes { Data($0) }
                )
            }, to: temporary.url.appending(path: AdapterFiles.weightsName),
            metadata: ["format": "pt"])
        let settings = try String(
            contentsOf: source.appending(path: AdapterFiles.configurationName), encoding: .utf8
        )
        .replacing(
            #""^model\\.layers\\.1\\.self_attn"#,
            with: #""^model\\.language_model\\.layers\\.1\\.self_attn"#
        )
        .replacing("\"layers.2.self_attn", with: "\"language_model.layers.2.self_attn")
        #expect(settings.contains("language_model.layers.2"))
        try Data(settings.utf8)
            .write(to: temporary.url.appending(path: AdapterFiles.configurationName))
        try expectGolden(temporary.url, "ranks")
    }
}
