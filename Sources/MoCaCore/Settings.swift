// Settings that several stages must agree on.

/// Which tokens a token attends to in the language model.
public enum AttentionMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// Each token attends to all tokens of its sequence.
    case bidirectional
    /// Each token attends to itself and the tokens before it.
    case causal
}

/// How the hidden states of a sequence are pooled into one vector.
public enum PoolingMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// The mean over all tokens, including vision markers and image tokens.
    case mean
    /// The hidden state of the last token.
    case last
    /// The hidden state of the first token.
    case cls
}

/// How the tokens of a sequence are numbered for rotary positions. An embedder was trained with one
/// rule, whatever the backbone was trained with.
public enum PositionRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// The tokens of an image share a time, and have a row and a column each.
    case grids
    /// Every token, also of an image, counts up by one.
    case counting
}

/// The marker tokens around the tokens of an image.
public enum ImageMarkers: String, Sendable, Hashable, Codable, CaseIterable {
    /// A start before the image and an end after it.
    case enclosed
    /// None.
    case none
}

/// What becomes of transparent pixels.
public enum AlphaRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// The alpha channel is dropped; colours stay as they are stored.
    case drop
    /// An image with red, green, blue and alpha is composed on white; other modes drop alpha.
    case whiteForRGBA = "white_for_rgba"
    /// Images of every mode but plain RGB are composed on white.
    case white
}

/// What happens to an input longer than `max_length`.
public enum TruncationPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Cuts at the end; an image is kept whole or dropped.
    case end
    /// Refuses the input.
    case error
    /// Cuts as the released MoCa code does: the columns beyond the limit are dropped, then an image
    /// block that lost its end.
    ///
    /// This keeps the same tokens as `end`, which is why both are computed alike. Rows are padded
    /// on the right, so the kept columns are a prefix of each input; only the last block of a
    /// prefix can have lost its end, and nothing follows it.
    case reference
}

/// How an image with a side under 28 pixels is enlarged before anything else. The raw values name
/// the stage whose data the released code enlarges this way.
public enum SmallSideRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// Width first, then height, in two passes (contrastive data, and embedding).
    case twoPass = "contrastive"
    /// Both sides in one pass (pre-training data).
    case onePass = "pretraining"
}

/// Which orientation tags of image files are applied before anything else.
public enum OrientationPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Only TIFF's, as in Pillow's file loading and therefore in the released MoCa code: a JPEG, PNG
    /// or WebP photograph whose EXIF orientation is sideways stays sideways.
    case ignore
    /// Those of all formats (EXIF 2.32, tag 274), as in image viewers.
    case exif
}

/// The number of pixels that an image may have after resizing.
public struct PixelBudget: Sendable, Hashable, Codable {
    /// The minimum number of pixels after resizing.
    public var minPixels: Int
    /// The maximum number of pixels after resizing.
    public var maxPixels: Int

    /// Creates a budget of these limits.
    public init(minPixels: Int, maxPixels: Int) {
        self.minPixels = minPixels
        self.maxPixels = maxPixels
    }

    /// 256 to 1024 image tokens of 28 x 28 pixels: what MoCa was trained with.
    public static let reference = PixelBudget(minPixels: 256 * 28 * 28, maxPixels: 1024 * 28 * 28)
}

/// The size of an image in patches of 14 x 14 pixels: a row of `image_grid_thw`.
public struct ImageGrid: Sendable, Hashable, Codable {
    /// The number of temporal patches; 1 for a still image.
    public var t: Int
    /// The number of patches from top to bottom.
    public var h: Int
    /// The number of patches from left to right.
    public var w: Int

    /// Creates a grid of these sides.
    public init(t: Int, h: Int, w: Int) {
        self.t = t
        self.h = h
        self.w = w
    }

    /// The number of rows of `pixel_values` of the image.
    public var patchCount: Int { t * h * w }

    /// The number of tokens of the image in the language model if `mergeSize` x `mergeSize` patches
    /// become one token.
    public func tokenCount(mergeSize: Int) -> Int { patchCount / (mergeSize * mergeSize) }
}
