import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Testing

@testable import MoCaModel

@Suite struct Qwen2VLConfigurationTests {
    private static func object() throws -> JSONObject {
        let file = Repository.fixtures.appending(path: "families/vlm2vec/config.json")
        return try #require(JSON(parsing: Data(contentsOf: file)).object)
    }

    private static func parse(_ object: JSONObject) throws -> Qwen2VLConfiguration {
        try Qwen2VLConfiguration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
    }

    /// Published files state only these of the vision tower.
    @Test func theVisionTowerHasDefaults() throws {
        var object = try Self.object()
        object["vision_config"] = .object([
            "hidden_size": .integer(32), "in_chans": .integer(3),
            "model_type": .string("qwen2_vl"), "spatial_patch_size": .integer(14),
        ])
        let vision = try Self.parse(object).vision
        #expect(vision.depth == 32 && vision.width == 1280 && vision.headCount == 16)
        #expect(vision.intermediateSize == 5120 && vision.patchSize == 14)
        #expect(vision.spatialMergeSize == 2 && vision.temporalPatchSize == 2)
    }

    @Test func aWrittenFileReadsBack() throws {
        let found = try Self.parse(try Self.object())
        let again = try Qwen2VLConfiguration(parsing: found.fileData(), file: "config.json")
        #expect(again == found && found.text.hasAttentionBias && !found.text.hasQueryKeyNorm)
    }

    @Test(arguments: [
        ("hidden_act", JSON.string("gelu"), "vision_config.hidden_act is \"gelu\""),
        ("num_heads", .integer(5), "vision_config.num_heads is 5"),
        ("hidden_size", .integer(64), "vision_config.hidden_size is 64"),
    ])
    func whatIsNotComputedIsRefused(key: String, value: JSON, problem: String) throws {
        var object = try Self.object()
        var vision = try #require(object["vision_config"]?.object)
        vision[key] = value
        object["vision_config"] = .object(vision)
        let error = #expect(throws: ModelError.self) { try Self.parse(object) }
        guard case .badConfiguration(_, let problems)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.contains { $0.description.hasPrefix(problem) }, "\(problems)")
    }
}
