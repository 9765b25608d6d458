import Foundation
import MoCaCore
import MoCaModel
import MoCaSettings
import Testing

/// A configuration finds its family by what its file says.
@Suite struct FamiliesTests {
    private let file = "checkpoint_newer/config.json"

    private func object() throws -> JSONObject {
        try #require(JSON(parsing: ModelFixtures.data(file)).object)
    }

    private func read(_ object: JSONObject) throws -> any BackboneConfiguration {
        try Families.configuration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
    }

    @Test func modelTypeNamesTheFamily() throws {
        let found = try read(object())
        #expect(type(of: found).familyName == "Qwen2.5-VL")
        #expect(found is Qwen25VLConfiguration)
        #expect(found.vectorLength == found.textLayers.width)
    }

    @Test(arguments: [
        (JSON.string("another"), "is \"another\""), (.integer(5), "is 5"),
        (.null, "is missing"),
    ])
    func anUnknownFamilyListsTheKnownOnes(type: JSON, found: String) throws {
        var object = try object()
        (object["model_type"], object["architectures"]) = (type, .array([.string("Other")]))
        let known =
            "\"qwen2_5_vl\", \"qwen2_vl\", \"qwen3_vl\", \"llava_next\", \"phi3_v\" or \"mllama\""
        let problem = SettingsProblem("model_type", "\(found), must be \(known)")
        #expect(throws: ModelError.badConfiguration(file: "config.json", problems: [problem])) {
            try read(object)
        }
    }

    /// The family still says that the file lacks its type, with all else that is wrong.
    @Test func architecturesNameTheFamilyWhereTheTypeIsMissing() throws {
        var object = try object()
        object["model_type"] = nil
        object["vision_config"] = nil
        object["architectures"] = .array([.string("Qwen2_5_VLForConditionalGeneration")])
        let error = #expect(throws: ModelError.self) { try read(object) }
        guard case .badConfiguration(_, let problems)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.map(\.keyPath).contains("model_type"))
        #expect(problems.map(\.keyPath).contains("vision_config"))
    }

    @Test func whatIsNotAnObjectIsNotJSON() {
        #expect(throws: ModelError.self) {
            try Families.configuration(parsing: Data("[]".utf8), file: "config.json")
        }
    }
}
