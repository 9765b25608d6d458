import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Testing

@testable import MoCaModel

@Suite struct Qwen3VLConfigurationTests {
    private static func object() throws -> JSONObject {
        let file = Repository.fixtures.appending(
            path: "families/qwen3_vl_embedding/config.json")
        return try #require(JSON(parsing: Data(contentsOf: file)).object)
    }

    private static func parse(_ object: JSONObject) throws -> Qwen3VLConfiguration {
        try Qwen3VLConfiguration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
    }

    /// Heads may be wider than their share of the hidden size.
    @Test func theHeadDimensionIsStated() throws {
        let text = try Self.parse(try Self.object()).text
        #expect(text.headDimension == 16 && text.querySize == 64 && text.hiddenSize == 32)
        #expect(text.axes == .interleaved([4, 2, 2]) && text.hasQueryKeyNorm)
    }

    @Test func aWrittenFileReadsBack() throws {
        let found = try Self.parse(try Self.object())
        let again = try Qwen3VLConfiguration(parsing: found.fileData(), file: "config.json")
        #expect(again == found)
    }

    @Test(arguments: [
        ("deepstack_visual_indexes", JSON.array([.integer(2), .integer(0)])),
        ("deepstack_visual_indexes", .array([.integer(4)])),
        ("num_position_embeddings", .integer(35)), ("hidden_act", .string("silu")),
    ])
    func whatIsNotComputedIsRefused(key: String, value: JSON) throws {
        var object = try Self.object()
        var vision = try #require(object["vision_config"]?.object)
        vision[key] = value
        object["vision_config"] = .object(vision)
        let error = #expect(throws: ModelError.self) { try Self.parse(object) }
        guard case .badConfiguration(_, let problems)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.contains { $0.keyPath == "vision_config.\(key)" }, "\(problems)")
    }

    /// Names that transformers loads: those of its own files.
    @Test func tensorsAreWrittenUnderTheirStoredNames() {
        let rules = Qwen3VLConfiguration.keyRules
        for key in ["model.language_model.norm.weight", "model.visual.merger.norm.bias"] {
            #expect(rules.written(rules.canonical(key)) == key)
        }
        #expect(rules.written("lm_head.weight") == "lm_head.weight")
        #expect(rules.written("mae_proj.bias") == "mae_proj.bias")
    }
}
