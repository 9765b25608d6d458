// Reads the settings of a decoder: rotary settings as `rope_scaling` + `rope_theta` or as
// `rope_parameters`.

import MoCaSettings

extension DecoderShape {
    /// What a family's decoders have in common, which their files do not state.
    struct Traits: Sendable {
        var hasAttentionBias: Bool
        var hasQueryKeyNorm: Bool
        /// Whether the file may state a head dimension other than `hidden_size /
        /// num_attention_heads`.
        var statesHeadDimension: Bool
        /// Creates the layout of the numbers of frequencies; nil for positions on one axis.
        var axes: (@Sendable ([Int]) -> AxisLayout)?
        /// The base of the rotary frequencies of files that do not state it.
        var ropeTheta: Double
        /// Sizes of files that do not state them, by key.
        var defaults: [String: Int] = [:]
        /// Whether a layer has one projection for queries, keys and values, and one for both inputs
        /// of its feed-forward layer.
        var hasFusedProjections = false
        /// Whether a stated `sliding_window` limits attention without a further setting.
        var slidesIfStated = false
    }

    /// Reads the section of a language model; problems are added to its context.
    init(_ section: Section, _ traits: Traits, isTied: Bool) {
        func size(_ key: String) -> Int { section.count(key, default: traits.defaults[key]) }
        let heads = size("num_attention_heads")
        let rotary = Self.rotarySection(section)
        let theta = Self.readTheta(section, rotary, traits)
        let sections = traits.axes == nil ? [] : rotary.integers("mrope_section")
        let statesHead = traits.statesHeadDimension && section["head_dim"] != nil
        self.init(
            hiddenSize: size("hidden_size"), intermediateSize: size("intermediate_size"),
            layerCount: size("num_hidden_layers"), headCount: heads,
            keyValueHeadCount: section.count(
                "num_key_value_heads", default: traits.defaults["num_key_value_heads"] ?? heads),
            statedHeadDimension: statesHead ? section.count("head_dim") : nil,
            vocabularySize: size("vocab_size"),
            rmsNormEpsilon: section.number("rms_norm_eps"),
            hasAttentionBias: traits.hasAttentionBias, hasQueryKeyNorm: traits.hasQueryKeyNorm,
            ropeTheta: theta,
            scaling: RotaryScaling(rotary, hasSingleAxis: traits.axes == nil, in: section),
            axes: traits.axes?(sections) ?? .single(0),
            maxPositions: size("max_position_embeddings"), tieWordEmbeddings: isTied,
            hasFusedProjections: traits.hasFusedProjections)
        if traits.axes == nil { axes = .single(headDimension / 2) }
        section.checkActivation("silu")
        checkAttention(section, traits)
        checkShape(section, traits)
    }

    private func checkShape(_ section: Section, _ traits: Traits) {
        let context = section.context
        let (hidden, heads) = (
            section.keyPath("hidden_size"), section.keyPath("num_attention_heads")
        )
        context.require(
            heads, hidden,
            reason: "is \(headCount), must divide hidden_size \(hiddenSize) evenly",
            if: { statedHeadDimension != nil || hiddenSize % (2 * headCount) == 0 })
        context.require(
            section.keyPath("num_key_value_heads"), heads,
            reason: "is \(keyValueHeadCount), must divide num_attention_heads \(headCount)",
            if: { headCount % keyValueHeadCount == 0 })
        context.require(
            section.keyPath("rms_norm_eps"), reason: "is \(rmsNormEpsilon), must be positive",
            if: { rmsNormEpsilon > 0 })
        if !traits.statesHeadDimension, section["head_dim"] != nil {
            let given = section.count("head_dim")
            context.require(
                section.keyPath("head_dim"), hidden, heads,
                reason: "is \(given), must be hidden_size / num_attention_heads",
                if: { given == headDimension })
        }
        guard traits.axes != nil else { return }
        context.require(
            Self.rotarySection(section).keyPath("mrope_section"), hidden, heads,
            reason: "is \(mropeSection), must be three positive numbers that sum to "
                + "half the head dimension, \(headDimension / 2)",
            if: {
                mropeSection.count == 3 && mropeSection.allSatisfy { $0 > 0 }
                    && mropeSection.reduce(0, +) == headDimension / 2
            })
    }

    /// The section of rotary settings.
    private static func rotarySection(_ section: Section) -> Section {
        section.optionalSection("rope_parameters") ?? section.section("rope_scaling")
    }

    private static func readTheta(
        _ section: Section, _ rotary: Section, _ traits: Traits
    ) -> Double {
        let partial = rotary.number("partial_rotary_factor", default: 1)
        if partial != 1 {
            section.context.add(
                rotary.keyPath("partial_rotary_factor"), "is \(partial): only 1 is computed")
        }
        let holder = rotary["rope_theta"] == nil ? section : rotary
        let theta = holder.number("rope_theta", default: traits.ropeTheta)
        section.context.require(
            holder.keyPath("rope_theta"), reason: "is \(theta), must be over 1", if: { theta > 1 })
        return theta
    }

    /// Sliding windows may be declared, as long as no layer uses one.
    private func checkAttention(_ section: Section, _ traits: Traits) {
        if traits.slidesIfStated, let window = section.optionalInteger("sliding_window"),
            window < maxPositions
        {
            section.context.add(
                section.keyPath("sliding_window"),
                "is \(window), less than the \(maxPositions) positions: sliding windows are not "
                    + "computed")
        }
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
        if !hasAttentionBias, section.bool("attention_bias", default: false) {
            section.context.add(
                section.keyPath("attention_bias"), "is true: biases of attention are not computed")
        }
    }
}
