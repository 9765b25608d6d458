// The rules that turn contents into tokens, patches and positions for a family's models.
// Shapes: T packed tokens, P patches.

package import MoCaCore

/// The rules that turn texts and images into model input.
package protocol InputRules: Sendable {
    /// The special tokens that mark images, with the ids that the tokenizer must assign them.
    var markers: [(text: String, id: Int32)] { get }
    /// The token that represents a part of an image.
    var imageToken: Int32 { get }
    /// The shape of patches.
    var patch: PatchShape { get }
    /// The number of rows of the embedding matrix, an upper bound of token ids.
    var vocabularySize: Int { get }
    /// The maximum length of a sequence, in tokens.
    var maxPositions: Int { get }

    /// The tokens of an image: `tokenCount` image tokens between its markers.
    func imageBlock(tokenCount: Int) -> [Int32]
    /// The number of images whose tokens are in a sequence.
    func imageCount(in ids: [Int32]) -> Int
    /// The positions of packed sequences, `[3, T]`, row-major: time, height, width.
    ///
    /// - Throws: `ModelError.imagesDisagree` if tokens and grids do not match, `.badGrid`.
    func positions(of sequences: [EncoderInput.Sequence]) throws(ModelError) -> [Int32]
}

extension InputRules {
    /// The number of tokens of an image of this size in the language model, excluding markers.
    package func tokenCount(of grid: ImageGrid) -> Int {
        grid.tokenCount(mergeSize: patch.mergeSize)
    }
}

/// The shape of patches, and how many are merged into an image token.
package struct PatchShape: Sendable, Hashable {
    package var channelCount: Int
    /// The side of a patch, in pixels.
    package var size: Int
    /// The number of frames of a patch; a still image is repeated.
    package var frameCount: Int
    /// The side of the square of patches that become one token, in patches.
    package var mergeSize: Int

    /// The number of values in a row of `pixel_values`.
    package var valueCount: Int { channelCount * frameCount * size * size }
    /// The number of patches that become one token.
    package var mergeUnit: Int { mergeSize * mergeSize }
}
