import MoCaCore
import Foundation
import MoCaSettings
import Testing

@testable import MoCaModel

@Suite struct Qwen25VLConfigurationTests {
    static let forms = ["original", "nested", "saved_4.50", "saved_5", "written"]

    static func read(_ name: String) throws -> Qwen25VLConfiguration {
        try Qwen25VLConfiguration(
            parsing: ModelFixtures.data("integers/configs/\(name).json"), file: "\(name).json")
    }

    static func parse(_ object: JSONObject) throws -> Qwen25VLConfiguration {
        try Qwen25VLConfiguration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
    }

    /// A fixture's object after `change`.
    static func changed(
        _ name: String, _ change: (inout JSONObject) -> Void
    ) throws -> JSONObject {
        let data = try ModelFixtures.data("integers/configs/\(name).json")
        guard case .object(var object) = try JSON(parsing: data) else {
            return [:]
        }
        change(&object)
        return object
    }

    static func problems(
        _ name: String, _ change: (inout JSONObject) -> Void
    ) throws -> [String] {
        do {
            _ = try parse(try changed(name, change))
            return []
        } catch ModelError.badConfiguration(let file, let problems) {
            #expect(file == "config.json")
            return problems.map(\.description)
        }
    }

    @Test(arguments: ["tiny", "3b", "7b"], forms)
    func everyFormSaysTheSame(_ size: String, _ form: String) throws {
        var (found, expected) = (
            try Self.read("\(size).\(form)"), try Self.read("\(size).original")
        )
        // transformers 5 and the nested form do not carry these, from which nothing is computed.
        for path in [\VisionTokens.visionPad, \.beginning, \.end] {
            found.tokens[keyPath: path] = nil
            expected.tokens[keyPath: path] = nil
        }
        #expect(found == expected)
    }

    @Test func valuesOf3B() throws {
        let it = try Self.read("3b.saved_5")
        #expect(it.text.hiddenSize == 2048 && it.text.intermediateSize == 11008)
        #expect(
            it.text.layerCount == 36 && it.text.headCount == 16 && it.text.keyValueHeadCount == 2)
        #expect(it.text.headDimension == 128 && it.text.keyValueSize == 256)
        #expect(it.text.vocabularySize == 151_936 && it.text.maxPositions == 128_000)
        #expect(it.text.rmsNormEpsilon == 1e-6 && it.text.ropeTheta == 1e6)
        #expect(it.text.mropeSection == [16, 24, 24])
        #expect(it.text.tieWordEmbeddings && it.declaresTie && it.storageType == "bfloat16")
        #expect(it.vision.depth == 32 && it.vision.hiddenSize == 1280 && it.vision.headCount == 16)
        #expect(it.vision.intermediateSize == 3420 && it.vision.outHiddenSize == 2048)
        #expect(
            it.vision.inChannels == 3 && it.vision.patchSize == 14 && it.vision.headDimension == 80)
        #expect(it.vision.temporalPatchSize == 2 && it.vision.spatialMergeSize == 2)
        #expect(it.vision.windowSize == 112 && it.vision.windowTokens == 4)
        #expect(it.vision.patchValueCount == 1176 && it.vision.mergeUnit == 4)
        #expect(it.vision.fullAttentionBlockIndexes == [7, 15, 23, 31])
        #expect(it.tokens.image == 151_655 && it.tokens.video == 151_656)
        #expect(it.tokens.visionStart == 151_652 && it.tokens.visionEnd == 151_653)
        #expect(try Self.read("7b.original").text.tieWordEmbeddings == false)
    }

    /// transformers 4.50 and 5.x load these files (scripts/fixtures/model_integers.py).
    /// With MOCA_WRITE_FIXTURES set, the files are written instead of compared.
    @Test(arguments: ["tiny", "3b", "7b"])
    func writesTheFlatForm(_ size: String) throws {
        let data = try Self.read("\(size).original").fileData()
        let path = "integers/configs/\(size).written.json"
        if ProcessInfo.processInfo.environment["MOCA_WRITE_FIXTURES"] != nil {
            try data.write(to: ModelFixtures.folder.appending(path: path))
        }
        #expect(try data == ModelFixtures.data(path))
        let again = try Qwen25VLConfiguration(parsing: data, file: "config.json")
        #expect(try again == Self.read("\(size).original"))
    }

    @Test func theTieMayStandInEitherPlaceOrNowhere() throws {
        let nowhere = try Self.parse(
            Self.changed("3b.original") { $0["tie_word_embeddings"] = nil })
        #expect(!nowhere.text.tieWordEmbeddings && !nowhere.declaresTie)
        let inText = try Self.parse(
            Self.changed("7b.nested") {
                $0["tie_word_embeddings"] = .bool(false)
                $0.edit("text_config") { $0["tie_word_embeddings"] = .bool(true) }
            })
        #expect(inText.text.tieWordEmbeddings && inText.declaresTie)
    }

    @Test func storageTypes() throws {
        for (value, expected) in [("torch.float16", "float16"), ("bfloat16", "bfloat16")] {
            let it = try Self.parse(
                Self.changed("tiny.original") { $0["torch_dtype"] = .string(value) })
            #expect(it.storageType == expected)
        }
        let silent = try Self.parse(Self.changed("3b.original") { $0["torch_dtype"] = nil })
        #expect(silent.storageType == "float32")
    }

    @Test func slidingWindowsThatNoLayerUsesAreFine() throws {
        let it = try Self.parse(
            Self.changed("7b.original") { $0["use_sliding_window"] = .bool(true) })
        #expect(try it == Self.read("7b.original"))
    }
}

extension JSONObject {
    /// Changes an object inside this one.
    mutating func edit(_ key: String, _ change: (inout JSONObject) -> Void) {
        guard case .object(var inner)? = self[key] else { return }
        change(&inner)
        self[key] = .object(inner)
    }
}

/// What is refused, with the exact words.
@Suite struct Qwen25VLSettingsProblemTests {
    typealias Change = @Sendable (inout JSONObject) -> Void

    static let table: [(form: String, change: Change, problem: String)] = [
        (
            "3b.original", { $0["model_type"] = .string("qwen2_vl") },
            "model_type is \"qwen2_vl\", must be \"qwen2_5_vl\""
        ),
        (
            "3b.original", { $0["hidden_act"] = .string("gelu") },
            "hidden_act is \"gelu\": only silu is computed"
        ),
        (
            "3b.nested",
            { $0.edit("vision_config") { $0["hidden_act"] = .string("quick_gelu") } },
            "vision_config.hidden_act is \"quick_gelu\": only silu is computed"
        ),
        (
            "3b.original",
            {
                $0["use_sliding_window"] = .bool(true); $0["max_window_layers"] = .integer(7)
            },
            "use_sliding_window is true from layer 7 on: sliding windows are not computed"
        ),
        (
            "3b.nested",
            {
                $0.edit("text_config") {
                    $0["layer_types"] = .array([.string("sliding_attention")])
                }
            },
            "text_config.layer_types holds \"sliding_attention\": only full_attention is computed"
        ),
        (
            "3b.original",
            { $0.edit("rope_scaling") { $0["type"] = .string("yarn") } },
            "rope_scaling.type is \"yarn\": only default and mrope are computed"
        ),
        (
            "3b.saved_5",
            {
                $0.edit("text_config") {
                    $0.edit("rope_parameters") { $0["rope_type"] = .string("linear") }
                }
            },
            "text_config.rope_parameters.rope_type is \"linear\": only default and mrope are computed"
        ),
        (
            "3b.original", { $0["rope_scaling"] = nil },
            "rope_scaling.mrope_section is missing, must be a list of integers"
        ),
        (
            "3b.original",
            {
                $0.edit("rope_scaling") {
                    $0["mrope_section"] = .array([.integer(16), .integer(24)])
                }
            },
            "rope_scaling.mrope_section is [16, 24], must be three positive numbers that sum to "
                + "half the head dimension, 64"
        ),
        (
            "3b.original", { $0["num_key_value_heads"] = .integer(3) },
            "num_key_value_heads is 3, must divide num_attention_heads 16"
        ),
        (
            "3b.original", { $0["head_dim"] = .integer(64) },
            "head_dim is 64, must be hidden_size / num_attention_heads"
        ),
        (
            "3b.original", { $0["torch_dtype"] = .string("float8_e4m3fn") },
            "torch_dtype is \"float8_e4m3fn\", must be float32, bfloat16 or float16"
        ),
        (
            "3b.original",
            { $0["quantization_config"] = .object(["quant_method": .string("awq")]) },
            "quantization_config is there (awq): quantised weights cannot be read"
        ),
        (
            "3b.original", { $0["image_token_id"] = .integer(151_936) },
            "image_token_id is 151936, must be in 0 ..< 151936, the vocabulary"
        ),
        (
            "3b.original", { $0["image_token_id"] = .integer(151_656) },
            "image_token_id and the ids of video, vision start and vision end must be "
                + "four different ones"
        ),
        (
            "3b.original", { $0["vision_config"] = nil },
            "vision_config is missing, must be an object"
        ),
        (
            "3b.original", { $0.edit("vision_config") { $0["out_hidden_size"] = .integer(3584) } },
            "vision_config.out_hidden_size is 3584, must be the language model's 2048"
        ),
        (
            "3b.original",
            { $0.edit("vision_config") { $0["fullatt_block_indexes"] = .array([.integer(32)]) } },
            "vision_config.fullatt_block_indexes is [32], must name blocks in 0 ..< 32, each once"
        ),
        (
            "3b.original", { $0.edit("vision_config") { $0["window_size"] = .integer(20) } },
            "vision_config.window_size is 20, must hold at least one group of 2 x 2 patches "
                + "of 14 pixels"
        ),
        (
            "3b.original", { $0["vocab_size"] = .string("many") },
            "vocab_size is \"many\", must be an integer"
        ),
        (
            "3b.original", { $0["rms_norm_eps"] = .number(0) },
            "rms_norm_eps is 0.0, must be positive"
        ),
    ]

    @Test(arguments: table.indices)
    func oneProblem(_ index: Int) throws {
        let row = Self.table[index]
        #expect(
            try Qwen25VLConfigurationTests.problems(row.form, row.change) == [row.problem])
    }

    @Test func allProblemsAtOnce() throws {
        let found = try Qwen25VLConfigurationTests.problems("3b.original") {
            $0["hidden_size"] = .integer(0)
            $0["rms_norm_eps"] = nil
            $0["hidden_act"] = .string("relu")
            $0.edit("vision_config") { $0["num_heads"] = .integer(7) }
        }
        #expect(
            found == [
                "hidden_size is 0, must be positive",
                "rms_norm_eps is missing, must be a number",
                "hidden_act is \"relu\": only silu is computed",
                "vision_config.num_heads is 7, must divide hidden_size 1280 into heads whose "
                    + "size is a multiple of 4",
            ])
    }

    @Test(arguments: ["", "{", "[]", "nonsense"])
    func notJSON(_ text: String) {
        let error = #expect(throws: ModelError.self) {
            try Qwen25VLConfiguration(parsing: Data(text.utf8), file: "config.json")
        }
        guard case .notJSON("config.json", _)? = error else {
            Issue.record("\(text): \(String(describing: error))")
            return
        }
    }

    @Test func anEmptyObjectNamesEveryKey() throws {
        let found = try Qwen25VLConfigurationTests.problems("3b.original") { $0 = [:] }
        #expect(found.count == 14)
        #expect(found.allSatisfy { $0.contains("is missing") })
    }
}
