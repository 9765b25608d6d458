// Settings that several stages must agree on.

/// Which tokens a token attends to in the language model.
public enum AttentionMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// To all tokens of its sequence.
    case bidirectional
    /// To itself and those before it.
    case causal
}

/// How the hidden states of one sequence become one vector.
public enum PoolingMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// The mean over all tokens, vision markers and image tokens included.
    case mean
    /// The state of the last token.
    case last
}

/// What happens to an input longer than `max_length`.
public enum TruncationPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Cut at the end; an image is kept whole or dropped.
    case end
    /// Refuse the input.
    case error
    /// Cut as the released MoCa code does: the columns beyond the limit are dropped, then an image
    /// block that lost its end.
    ///
    /// This keeps the same tokens as `end`, which is why both are computed alike. Rows are padded on
    /// the right, so the columns that are kept are a prefix of each input; only the last block of a
    /// prefix can have lost its end, and nothing stands behind it.
    case reference
}

/// How an image with a side under 28 pixels is enlarged before anything else. The raw values name
/// the stage whose data the released code enlarges so.
public enum SmallSideRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// Width first and then height, in two passes (contrastive data, and embedding).
    case twoPass = "contrastive"
    /// Both sides in one pass (pre-training data).
    case onePass = "pretraining"
}

/// The number of pixels that an image may have after resizing.
public struct PixelBudget: Sendable, Hashable, Codable {
    /// After resizing, at least.
    public var minPixels: Int
    /// After resizing, at most.
    public var maxPixels: Int

    /// A budget of these limits.
    public init(minPixels: Int, maxPixels: Int) {
        self.minPixels = minPixels
        self.maxPixels = maxPixels
    }

    /// 256 to 1024 image tokens of 28 x 28 pixels: what MoCa was trained with.
    public static let reference = PixelBudget(minPixels: 256 * 28 * 28, maxPixels: 1024 * 28 * 28)
}

/// The size of an image in patches of 14 x 14 pixels: a row of `image_grid_thw`.
public struct ImageGrid: Sendable, Hashable, Codable {
    /// Temporal patches; 1 for a still image.
    public var t: Int
    /// Patches from top to bottom.
    public var h: Int
    /// Patches from left to right.
    public var w: Int

    /// A grid of these sides.
    public init(t: Int, h: Int, w: Int) {
        self.t = t
        self.h = h
        self.w = w
    }

    /// Rows of `pixel_values` that the image takes.
    public var patchCount: Int { t * h * w }

    /// Tokens that the image takes in the language model when `mergeSize` x `mergeSize` patches
    /// become one.
    public func tokenCount(mergeSize: Int) -> Int { patchCount / (mergeSize * mergeSize) }
}
