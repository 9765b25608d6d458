// Reads config.json in all forms in use: flat (transformers < 4.52 and MoCa) and nested
// (`text_config`); rotary settings as `rope_scaling` + `rope_theta` or as `rope_parameters`; type
// as `torch_dtype` or `dtype`. Settings that the model does not implement are refused by name.

package import Foundation
import MoCaSettings

extension Qwen25VLConfiguration {
    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        let section = try Section(modelFile: data, file: file)
        self = Self.read(section)
        let problems = section.context.problems
        if !problems.isEmpty { throw .badConfiguration(file: file, problems: problems) }
    }

    private static func read(_ root: Section) -> Qwen25VLConfiguration {
        checkKind(root)
        let textSection = root.optionalSection("text_config") ?? root
        let ties = [root, textSection].compactMap { section in
            section["tie_word_embeddings"] == nil
                ? nil : section.bool("tie_word_embeddings", default: false)
        }
        var text = readText(textSection)
        // Newer transformers write it at one of two keys; false is a default at both.
        text.tieWordEmbeddings = ties.contains(true)
        let vision = readVision(root)
        root.context.require(
            "vision_config.out_hidden_size", textSection.keyPath("hidden_size"),
            reason: "is \(vision.outHiddenSize), must be the language model's \(text.hiddenSize)",
            if: { root["vision_config"] == nil || vision.outHiddenSize == text.hiddenSize })
        return Qwen25VLConfiguration(
            text: text, vision: vision,
            tokens: readTokens(root, textSection, vocabularySize: text.vocabularySize),
            storageType: readStorageType(root, textSection), declaresTie: !ties.isEmpty)
    }

    private static func checkKind(_ root: Section) {
        switch root.optionalString("model_type") {
        case nil: root.context.add("model_type", "is missing, must be \"qwen2_5_vl\"")
        case "qwen2_5_vl": break
        case let other?: root.context.add("model_type", "is \"\(other)\", must be \"qwen2_5_vl\"")
        }
        if let section = root.optionalSection("quantization_config") {
            let method = section.optionalString("quant_method") ?? "unknown"
            root.context.add(
                "quantization_config", "is there (\(method)): quantised weights cannot be read")
        }
    }

    private static func readStorageType(_ root: Section, _ text: Section) -> String {
        let known = ["float32", "bfloat16", "float16"]
        for (section, key) in [
            (root, "dtype"), (root, "torch_dtype"), (text, "dtype"), (text, "torch_dtype"),
        ] {
            guard let name = section.optionalString(key) else { continue }
            let short = name.replacingOccurrences(of: "torch.", with: "")
            if !known.contains(short) {
                root.context.add(
                    section.keyPath(key), "is \"\(name)\", must be float32, bfloat16 or float16")
            }
            return short
        }
        return "float32"
    }

    private static func readTokens(
        _ root: Section, _ text: Section, vocabularySize: Int
    ) -> Tokens {
        let context = root.context
        func optional(_ key: String) -> Int32? {
            let found = root[key] == nil ? text : root
            // A list of end tokens: the first is written back.
            if case .array(let items)? = found[key], case .integer(let first)? = items.first {
                return Int32(clamping: first)
            }
            return found.optionalInteger(key).map { Int32(clamping: $0) }
        }
        func required(_ key: String) -> Int32 {
            let section = root[key] == nil && text[key] != nil ? text : root
            let value = section.integer(key)
            context.require(
                section.keyPath(key), text.keyPath("vocab_size"),
                reason: "is \(value), must be in 0 ..< \(vocabularySize), the vocabulary",
                if: { (0..<vocabularySize).contains(value) })
            return Int32(clamping: value)
        }
        let tokens = Tokens(
            image: required("image_token_id"), video: required("video_token_id"),
            visionStart: required("vision_start_token_id"),
            visionEnd: required("vision_end_token_id"), visionPad: optional("vision_token_id"),
            beginning: optional("bos_token_id"), end: optional("eos_token_id"))
        let four = [tokens.image, tokens.video, tokens.visionStart, tokens.visionEnd]
        context.require(
            "image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id",
            reason: "and the ids of video, vision start and vision end must be four different ones",
            if: { Set(four).count == four.count })
        return tokens
    }
}

// MARK: - Language model

extension Qwen25VLConfiguration {
    private static func readText(_ section: Section) -> Text {
        let heads = section.count("num_attention_heads")
        let (section_, theta) = readRotary(section)
        let text = Text(
            hiddenSize: section.count("hidden_size"),
            intermediateSize: section.count("intermediate_size"),
            layerCount: section.count("num_hidden_layers"), headCount: heads,
            keyValueHeadCount: section.count("num_key_value_heads", default: heads),
            vocabularySize: section.count("vocab_size"),
            rmsNormEpsilon: section.number("rms_norm_eps"), ropeTheta: theta,
            mropeSection: section_, maxPositions: section.count("max_position_embeddings"),
            tieWordEmbeddings: false)
        checkActivation(section)
        checkAttention(section, layerCount: text.layerCount)
        checkShape(text, section)
        return text
    }

    private static func checkShape(_ text: Text, _ section: Section) {
        let context = section.context
        let (hidden, heads) = (
            section.keyPath("hidden_size"), section.keyPath("num_attention_heads")
        )
        context.require(
            heads, hidden,
            reason: "is \(text.headCount), must divide hidden_size \(text.hiddenSize) evenly",
            if: { text.hiddenSize % (2 * text.headCount) == 0 })
        context.require(
            section.keyPath("num_key_value_heads"), heads,
            reason:
                "is \(text.keyValueHeadCount), must divide num_attention_heads \(text.headCount)",
            if: { text.headCount % text.keyValueHeadCount == 0 })
        context.require(
            section.keyPath("rms_norm_eps"), reason: "is \(text.rmsNormEpsilon), must be positive",
            if: { text.rmsNormEpsilon > 0 })
        if section["head_dim"] != nil {
            let given = section.count("head_dim")
            context.require(
                section.keyPath("head_dim"), hidden, heads,
                reason: "is \(given), must be hidden_size / num_attention_heads",
                if: { given == text.headDimension })
        }
        let rotary = rotarySection(section)
        context.require(
            rotary.keyPath("mrope_section"), hidden, heads,
            reason: "is \(text.mropeSection), must be three positive numbers that sum to "
                + "half the head dimension, \(text.headDimension / 2)",
            if: {
                text.mropeSection.count == 3 && text.mropeSection.allSatisfy { $0 > 0 }
                    && text.mropeSection.reduce(0, +) == text.headDimension / 2
            })
    }

    /// The section that contains `mrope_section`.
    private static func rotarySection(_ section: Section) -> Section {
        section.optionalSection("rope_parameters") ?? section.section("rope_scaling")
    }

    private static func readRotary(_ section: Section) -> (section: [Int], theta: Double) {
        let rotary = rotarySection(section)
        for key in ["rope_type", "type"] {
            if let kind = rotary.optionalString(key), kind != "default", kind != "mrope" {
                section.context.add(
                    rotary.keyPath(key), "is \"\(kind)\": only default and mrope are computed")
            }
        }
        let partial = rotary.number("partial_rotary_factor", default: 1)
        if partial != 1 {
            section.context.add(
                rotary.keyPath("partial_rotary_factor"), "is \(partial): only 1 is computed")
        }
        let holder = rotary["rope_theta"] == nil ? section : rotary
        let theta = holder.number("rope_theta", default: 1_000_000)
        section.context.require(
            holder.keyPath("rope_theta"), reason: "is \(theta), must be over 1", if: { theta > 1 })
        return (rotary.integers("mrope_section"), theta)
    }

    private static func checkActivation(_ section: Section) {
        let name = section.optionalString("hidden_act") ?? "silu"
        if name != "silu" {
            section.context.add(
                section.keyPath("hidden_act"), "is \"\(name)\": only silu is computed")
        }
    }

    /// Sliding windows may be declared, as long as no layer uses one.
    private static func checkAttention(_ section: Section, layerCount: Int) {
        let first = section.optionalInteger("max_window_layers") ?? layerCount
        let isOn = section.bool("use_sliding_window", default: false)
        if isOn, section.optionalInteger("sliding_window") != nil, first < layerCount {
            section.context.add(
                section.keyPath("use_sliding_window"),
                "is true from layer \(first) on: sliding windows are not computed")
        }
        if case .array(let kinds)? = section["layer_types"],
            let other = kinds.first(where: { $0 != .string("full_attention") })
        {
            section.context.add(
                section.keyPath("layer_types"),
                "holds \(other.shortDescription): only full_attention is computed")
        }
    }
}

// MARK: - Vision tower

extension Qwen25VLConfiguration {
    private static func readVision(_ root: Section) -> Vision {
        let key = "vision_config"
        if !root.has(key) { root.add(key, "is missing, must be an object") }
        // If the section is missing, its keys are not reported one by one.
        let section = root.optionalSection(key) ?? Section(nil, path: key, SettingsContext(.json))
        // Both spellings are written; the transformers class only reads the first.
        let channels = section["in_channels"] == nil ? "in_chans" : "in_channels"
        let vision = Vision(
            depth: section.count("depth"), hiddenSize: section.count("hidden_size"),
            intermediateSize: section.count("intermediate_size"),
            headCount: section.count("num_heads"), inChannels: section.count(channels, default: 3),
            outHiddenSize: section.count("out_hidden_size"),
            patchSize: section.count("patch_size"),
            temporalPatchSize: section.count("temporal_patch_size", default: 2),
            spatialMergeSize: section.count("spatial_merge_size", default: 2),
            windowSize: section.count("window_size", default: 112),
            fullAttentionBlockIndexes: section.integers("fullatt_block_indexes"))
        checkActivation(section)
        check(vision, section)
        return vision
    }

    private static func check(_ vision: Vision, _ section: Section) {
        func path(_ key: String) -> String { section.keyPath(key) }
        let context = section.context
        context.require(
            path("num_heads"), path("hidden_size"),
            reason: "is \(vision.headCount), must divide hidden_size \(vision.hiddenSize) "
                + "into heads whose size is a multiple of 4",
            if: { vision.hiddenSize % (4 * vision.headCount) == 0 })
        context.require(
            path("window_size"), path("patch_size"), path("spatial_merge_size"),
            reason: "is \(vision.windowSize), must hold at least one group of "
                + "\(vision.spatialMergeSize) x \(vision.spatialMergeSize) patches of "
                + "\(vision.patchSize) pixels",
            if: { vision.windowTokens >= 1 })
        context.require(
            path("fullatt_block_indexes"), path("depth"),
            reason: "is \(vision.fullAttentionBlockIndexes), must name blocks in "
                + "0 ..< \(vision.depth), each once",
            if: {
                let blocks = vision.fullAttentionBlockIndexes
                return Set(blocks).count == blocks.count
                    && blocks.allSatisfy { (0..<vision.depth).contains($0) }
            })
        if let rotary = section.optionalSection("rope_parameters") {
            let theta = rotary.number("rope_theta", default: visionRopeTheta)
            if theta != visionRopeTheta {
                context.add(
                    rotary.keyPath("rope_theta"), "is \(theta): only \(visionRopeTheta) is computed"
                )
            }
        }
    }
}
