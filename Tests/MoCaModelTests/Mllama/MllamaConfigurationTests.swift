import Torch
import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Testing

@testable import MoCaModel

@Suite struct MllamaConfigurationTests {
    private static let folder = Repository.fixtures.appending(path: "families/mme5")

    private static func object() throws -> JSONObject {
        let file = folder.appending(path: "config.json")
        return try #require(JSON(parsing: Data(contentsOf: file)).object)
    }

    private static func parse(_ object: JSONObject) throws -> MllamaConfiguration {
        try MllamaConfiguration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
    }

    private static func problems(
        _ part: String, _ key: String, _ value: JSON
    ) throws -> [SettingsProblem] {
        var object = try Self.object()
        var section = try #require(object[part]?.object)
        section[key] = value
        object[part] = .object(section)
        let error = #expect(throws: ModelError.self) { try Self.parse(object) }
        guard case .badConfiguration(_, let problems)? = error else { return [] }
        return problems
    }

    /// The image token has a row of its own behind those of the output.
    @Test func theEmbeddingHasMoreRowsThanTheOutput() throws {
        let found = try Self.parse(try Self.object())
        #expect(found.vocabularySize == Int(found.tokens.image) + 8)
        #expect(found.text.axes == .single(4))
        #expect(
            found.text.scaling
                == .llama3(
                    Llama3Scaling(
                        factor: 8, lowFactor: 1, highFactor: 4, originalPositions: 64)))
    }

    @Test func aWrittenFileReadsBack() throws {
        let found = try Self.parse(try Self.object())
        let again = try MllamaConfiguration(parsing: found.fileData(), file: "config.json")
        #expect(again == found)
    }

    @Test(arguments: [
        ("vision_config", "intermediate_layers_indices", JSON.array([.integer(2), .integer(0)])),
        ("vision_config", "intermediate_layers_indices", .array([.integer(3)])),
        ("vision_config", "hidden_act", .string("quick_gelu")),
        ("vision_config", "vision_output_dim", .integer(24)),
        ("vision_config", "image_size", .integer(30)),
        ("vision_config", "supported_aspect_ratios", .array([.array([.integer(1), .integer(1)])])),
        ("text_config", "cross_attention_layers", .array([.integer(5)])),
    ])
    func whatIsNotComputedIsRefused(part: String, key: String, value: JSON) throws {
        let problems = try Self.problems(part, key, value)
        #expect(problems.contains { $0.keyPath == "\(part).\(key)" }, "\(problems)")
    }

    @Test func anotherScalingIsRefusedByName() throws {
        let problems = try Self.problems(
            "text_config", "rope_scaling", .object(["rope_type": .string("yarn")]))
        #expect(problems.contains { $0.keyPath == "text_config.rope_scaling.rope_type" })
    }

    /// Those of transformers' `_compute_llama3_parameters` for the released model.
    @Test func scaledFrequenciesAreThoseOfTransformers() throws {
        let expected = try JSONDecoder().decode(
            [Float].self, from: Data(contentsOf: Self.folder.appending(path: "frequencies.json")))
        var shape = try Self.parse(try Self.object()).text
        (shape.hiddenSize, shape.headCount) = (4096, 32)
        shape.scaling = .llama3(
            Llama3Scaling(factor: 8, lowFactor: 1, highFactor: 4, originalPositions: 8192))
        let found: [Float] = RotaryTable.frequencies(shape, .cpu).array()
        #expect(found.count == 64 && expected.count == 64)
        for (found, expected) in zip(found, expected) {
            #expect(abs(found - expected) <= 2e-7 * expected)
        }
    }

    /// A released model has 10,670,220,835 parameters; without its output matrix, vectors need
    /// 10,144,884,259.
    @Test func aReleasedModelIsPlannedFromItsShapes() throws {
        let text = """
            {"model_type": "mllama", "image_token_index": 128256, "text_config": {
              "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 40,
              "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
              "rms_norm_eps": 1e-5, "max_position_embeddings": 131072,
              "cross_attention_layers": [3, 8, 13, 18, 23, 28, 33, 38]}, "vision_config": {}}
            """
        let found = try MllamaConfiguration(parsing: Data(text.utf8), file: "config.json")
        #expect(found.vision.outputWidth == 7680 && found.vision.tileVectors == 1601)
        #expect(found.vision.tileFiller == 7)
        let count = PretrainedModel.parameterCount(found, purpose: .embedding)
        #expect(count + 128_256 * 4096 == 10_670_220_835)
        // 6,432 rows in 40 layers of the tower, and the keys and values of 8 layers.
        let cost = found.forwardCost.ofImage(.canvas(ImageCanvas(rows: 2, columns: 2, side: 40)))
        #expect(cost > 18e12 && cost < 21e12)
    }

    @Test func preTrainingIsRefused() throws {
        let error = #expect(throws: ModelError.self) {
            try PretrainedModel(loading: Self.folder, LoadOptions(purpose: .pretraining))
        }
        #expect(error?.localizedDescription.contains("cannot be pre-trained") == true)
    }

    /// Names that transformers loads: those of released checkpoints.
    @Test func tensorsAreWrittenUnderTheirReleasedNames() {
        let rules = MllamaConfiguration.keyRules
        for key in [
            "language_model.model.layers.3.cross_attn.q_norm.weight",
            "language_model.lm_head.weight", "vision_model.class_embedding",
            "multi_modal_projector.bias",
        ] {
            #expect(rules.written(rules.canonical(key)) == key)
            #expect(CheckpointKeys.canonical(key) == rules.canonical(key))
        }
        #expect(
            rules.canonical("model.vision_model.class_embedding") == "visual.class_embedding")
    }
}
