// How the contents of a family's models become tokens, patches and positions.
// Shapes: T packed tokens, P patches.

package import MoCaCore

/// The rules by which texts and images become a model's input.
package protocol InputRules: Sendable {
    /// The special tokens that mark images, as the tokenizer must know them.
    var markers: [(text: String, id: Int32)] { get }
    /// The token that stands for a part of an image.
    var imageToken: Int32 { get }
    /// The shape of patches.
    var patch: PatchShape { get }
    /// Rows of the embedding matrix: ids are below it.
    var vocabularySize: Int { get }
    /// The longest sequence.
    var maxPositions: Int { get }

    /// The tokens of an image, its markers included, around `tokenCount` tokens of its own.
    func imageBlock(tokenCount: Int) -> [Int32]
    /// The number of images whose tokens stand in a sequence.
    func imageCount(in ids: [Int32]) -> Int
    /// Positions of packed sequences, `[3, T]`, row after row: time, height, width.
    ///
    /// - Throws: `ModelError.imagesDisagree` where tokens and grids do not fit, `.badGrid`.
    func positions(of sequences: [EncoderInput.Sequence]) throws(ModelError) -> [Int32]
}

extension InputRules {
    /// The tokens that an image of this size takes in the language model, without markers.
    package func tokenCount(of grid: ImageGrid) -> Int {
        grid.tokenCount(mergeSize: patch.mergeSize)
    }
}

/// The shape of patches, and how many become an image token.
package struct PatchShape: Sendable, Hashable {
    package var channelCount: Int
    /// Pixels a side.
    package var size: Int
    /// Frames of a patch; a still image is repeated.
    package var frameCount: Int
    /// Patches a side that become one token.
    package var mergeSize: Int

    /// Numbers in a row of `pixel_values`.
    package var valueCount: Int { channelCount * frameCount * size * size }
    /// Patches that become one token.
    package var mergeUnit: Int { mergeSize * mergeSize }
}
