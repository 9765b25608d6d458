import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Safetensors
import Testing

@testable import MoCaModel

@Suite struct LlavaNextTests {
    static let folder = Repository.fixtures.appending(path: "families/vlm2vec_llava")

    private static func object() throws -> JSONObject {
        let file = folder.appending(path: "config.json")
        return try #require(JSON(parsing: Data(contentsOf: file)).object)
    }

    private static func parse(_ object: JSONObject) throws -> LlavaNextConfiguration {
        try LlavaNextConfiguration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
    }

    /// Published files leave sizes out that are those of Mistral-7B.
    @Test func missingSizesAreMistrals() throws {
        var object = try Self.object()
        object["text_config"] = .object([
            "model_type": .string("mistral"), "rms_norm_eps": .number(1e-5),
        ])
        object["image_token_index"] = .integer(31_999)
        let text = try Self.parse(object).text
        #expect(text.hiddenSize == 4096 && text.intermediateSize == 14_336)
        #expect(text.layerCount == 32 && text.headCount == 32 && text.keyValueHeadCount == 8)
        #expect(text.axes == .single(64) && !text.hasAttentionBias)
    }

    @Test func aWrittenFileReadsBack() throws {
        let found = try Self.parse(try Self.object())
        #expect(found.vision.usedLayerCount == 3)
        let again = try LlavaNextConfiguration(parsing: found.fileData(), file: "config.json")
        #expect(again == found)
    }

    @Test(arguments: [
        ("vision_feature_select_strategy", JSON.string("full")),
        ("vision_feature_layer", .integer(-9)), ("projector_hidden_act", .string("silu")),
        ("multimodal_projector_bias", .bool(false)), ("image_token_index", .integer(448)),
    ])
    func whatIsNotComputedIsRefused(key: String, value: JSON) throws {
        var object = try Self.object()
        object[key] = value
        let error = #expect(throws: ModelError.self) { try Self.parse(object) }
        guard case .badConfiguration(_, let problems)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.contains { $0.keyPath == key }, "\(problems)")
    }

    @Test(arguments: [
        ("model_type", JSON.string("qwen2")), ("sliding_window", .integer(64)),
        ("rope_scaling", .object(["rope_type": .string("yarn")])),
    ])
    func otherLanguageModelsAreRefused(key: String, value: JSON) throws {
        var object = try Self.object()
        var text = try #require(object["text_config"]?.object)
        text[key] = value
        object["text_config"] = .object(text)
        #expect(throws: ModelError.self) { try Self.parse(object) }
    }

    /// Names that transformers loads: those of its own files.
    @Test(arguments: [LlavaNextTests.folder, Phi3VTests.folder])
    func tensorsAreWrittenUnderTheirStoredNames(folder: URL) throws {
        let configuration = try PretrainedModel.configuration(of: folder)
        let names = try SafetensorsCheckpoint(opening: folder).names
        for name in names {
            #expect(configuration.writtenKey(CheckpointKeys.canonical(name)) == name)
        }
    }

    @Test(arguments: [
        "model.vision_tower.vision_model.pre_layrnorm.bias",
        "model.vision_tower.pre_layrnorm.bias", "vision_tower.vision_model.pre_layrnorm.bias",
    ])
    func everyLayoutComesToTheSameNames(stored: String) {
        #expect(CheckpointKeys.canonical(stored) == "visual.pre_layrnorm.bias")
        #expect(
            CheckpointKeys.canonical("model.language_model.layers.0.mlp.up_proj.weight")
                == CheckpointKeys.canonical("language_model.model.layers.0.mlp.up_proj.weight"))
    }

    /// The whole image, then rows of the canvas across its tiles, each with a separator.
    @Test func tokensFollowTheCanvas() {
        let tiles = ImageTiles(
            rows: 1, columns: 2, side: 2, keptRows: 0..<2, keptColumns: 1..<3)
        let order = LlavaNextTower.order([.tiles(tiles), .tiles(tiles)], newline: 24)
        #expect(order.count == 2 * tiles.tokenCount)
        #expect(Array(order.prefix(10)) == [0, 1, 2, 3, 5, 8, 24, 7, 10, 24])
        #expect(order[10] == 12)
    }

    @Test(arguments: [LlavaNextTests.folder, Phi3VTests.folder])
    func preTrainingIsRefused(folder: URL) {
        let error = #expect(throws: ModelError.self) {
            try PretrainedModel(loading: folder, LoadOptions(purpose: .pretraining))
        }
        guard case .noReconstruction? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
