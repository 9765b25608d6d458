// The sizes and settings of a decoder language model, whatever the form of its config.json.

/// The settings that determine the shape and computation of a decoder language model: a stack of
/// layers of rotary attention with grouped key/value heads, and gated feed-forward layers.
package struct DecoderShape: Sendable, Hashable {
    package var hiddenSize: Int
    package var intermediateSize: Int
    package var layerCount: Int
    package var headCount: Int
    package var keyValueHeadCount: Int
    /// The number of components per head, if the file states it; nil for `hiddenSize / headCount`.
    package var statedHeadDimension: Int?
    /// The number of rows of the embedding matrix, which exceeds the number of the tokenizer's
    /// tokens.
    package var vocabularySize: Int
    package var rmsNormEpsilon: Double
    /// Whether the projections to queries, keys and values have a bias.
    package var hasAttentionBias: Bool
    /// Whether queries and keys are normalised per head before they are rotated.
    package var hasQueryKeyNorm: Bool
    /// The base of the rotary frequencies.
    package var ropeTheta: Double
    /// How the rotary frequencies are changed.
    package var scaling = RotaryScaling.none
    /// The axis of each rotary frequency.
    package var axes: AxisLayout
    /// The maximum length of a sequence, in tokens.
    package var maxPositions: Int
    package var tieWordEmbeddings: Bool
    /// Whether a layer has one projection for queries, keys and values (`qkv_proj`), and one for
    /// both inputs of its feed-forward layer (`gate_up_proj`).
    package var hasFusedProjections = false

    /// The number of components per head.
    package var headDimension: Int { statedHeadDimension ?? hiddenSize / headCount }
    /// The number of components of all query heads of a token.
    package var querySize: Int { headDimension * headCount }
    /// The number of components of all key heads of a token.
    package var keyValueSize: Int { headDimension * keyValueHeadCount }

    /// The numbers of frequencies for time, height and width, with a sum of half the head
    /// dimension.
    package var mropeSection: [Int] {
        get { axes.sections }
        set { axes.sections = newValue }
    }

    /// The sizes that memory estimates need. A layer keeps its input, the outputs of both norms,
    /// queries, keys, values, the attention output before and after reordering, the sum after it,
    /// and four tensors of the feed-forward layer; norms of queries and keys keep their input too.
    package var layerSizes: LayerSizes {
        let normed = hasQueryKeyNorm ? querySize + keyValueSize : 0
        let attention = 4 * hiddenSize + 3 * querySize + 2 * keyValueSize + normed
        return LayerSizes(
            layerCount: layerCount, width: hiddenSize, intermediateSize: intermediateSize,
            keptCount: attention + 4 * intermediateSize)
    }

    /// The sizes that `moca model info` lists, by name.
    package var summary: [String: Int] {
        [
            "width": hiddenSize, "layers": layerCount, "heads": headCount,
            "key_value_heads": keyValueHeadCount, "intermediate": intermediateSize,
            "positions": maxPositions,
        ]
    }
}

/// The axis of positions (0 time, 1 height, 2 width) by which each rotary frequency rotates.
package enum AxisLayout: Sendable, Hashable {
    /// A number of frequencies that all rotate by one position, which counts up.
    case single(Int)
    /// All frequencies of time, then those of height, then those of width (Qwen2-VL, arXiv
    /// 2409.12191, section 2.1).
    case consecutive([Int])
    /// Time, height and width in turn, until the frequencies of an axis are used up; the remaining
    /// ones are time's (Qwen3-VL, arXiv 2511.21631).
    case interleaved([Int])

    /// The numbers of frequencies for time, height and width.
    package var sections: [Int] {
        get {
            switch self {
            case .single(let count): [count, 0, 0]
            case .consecutive(let sections), .interleaved(let sections): sections
            }
        }
        set {
            switch self {
            case .single: self = .single(newValue.first ?? 0)
            case .consecutive: self = .consecutive(newValue)
            case .interleaved: self = .interleaved(newValue)
            }
        }
    }

    /// The axis of each frequency.
    package var axisOfFrequency: [Int] {
        switch self {
        case .single(let count): [Int](repeating: 0, count: count)
        case .consecutive(let sections):
            sections.enumerated().flatMap { axis, length in
                [Int](repeating: axis, count: length)
            }
        case .interleaved(let sections):
            (0..<sections.reduce(0, +)).map { index in
                let axis = index % sections.count
                return index < sections.count * sections[axis] ? axis : 0
            }
        }
    }
}
