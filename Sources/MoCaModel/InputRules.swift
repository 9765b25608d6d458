// The rules that turn contents into tokens, patches and positions for a family's models.
// Shapes: T packed tokens, P patches.

package import MoCaCore

/// The rules that turn texts and images into model input.
package protocol InputRules: Sendable {
    /// The special tokens that mark images, with the ids that the tokenizer must assign them.
    var markers: [(text: String, id: Int32)] { get }
    /// The token that represents a part of an image. A negative one is outside the vocabulary: the
    /// rows of the embedding matrix are all those of texts.
    var imageToken: Int32 { get }
    /// The shape of patches.
    var patch: PatchShape { get }
    /// The side of the squares that an image is cut into, in pixels; nil for images of their own
    /// size.
    var tileSize: Int? { get }
    /// The maximum number of tiles of an image, if the tower has a place for each; nil for any.
    var tileCountMax: Int? { get }
    /// Whether each text before, between and after images is tokenised by itself, even an empty
    /// one, with special tokens of its own.
    var encodesTextsApart: Bool { get }
    /// The number of rows of the embedding matrix, an upper bound of token ids.
    var vocabularySize: Int { get }
    /// The maximum length of a sequence, in tokens.
    var maxPositions: Int { get }
    /// The number of vectors that an image has beside the tokens of its sequence, for
    /// cross-attention.
    var vectorsAnImage: Int { get }

    /// The tokens of an image: `tokenCount` image tokens with their markers.
    func imageBlock(tokenCount: Int, _ markers: ImageMarkers) -> [Int32]
    /// Checks that the vision tower supports an image.
    ///
    /// - Throws: `ModelError.badGrid`, `.imagesDisagree` for a plan of another family.
    func check(_ plan: ImagePlan) throws(ModelError)
    /// The number of images whose tokens are in a sequence.
    func imageCount(in ids: [Int32]) -> Int
    /// The positions of packed sequences, `[3, T]`, row-major: time, height, width.
    ///
    /// - Throws: `ModelError.imagesDisagree` if tokens and images do not match, `.badGrid`.
    func positions(
        of sequences: [EncoderInput.Sequence], _ rule: PositionRule
    ) throws(ModelError) -> [Int32]
}

extension InputRules {
    package var tileSize: Int? { nil }
    package var tileCountMax: Int? { nil }
    package var encodesTextsApart: Bool { false }
    /// 0 for families whose images are tokens of the sequence.
    package var vectorsAnImage: Int { 0 }

    /// The tokens of an image: `tokenCount` image tokens between a start and an end.
    package func imageBlock(tokenCount: Int) -> [Int32] {
        imageBlock(tokenCount: tokenCount, .enclosed)
    }

    /// The number of tokens of an image of this size in the language model, excluding markers.
    package func tokenCount(of plan: ImagePlan) -> Int {
        plan.tokenCount(mergeSize: patch.mergeSize)
    }

    /// Positions that count up in each sequence, `[3, T]`, equal on all axes.
    ///
    /// - Throws: `ModelError.imagesDisagree` if image tokens and images do not match.
    func countingPositions(
        of sequences: [EncoderInput.Sequence]
    ) throws(ModelError) -> [Int32] {
        for sequence in sequences {
            let found = sequence.ids.count { $0 == imageToken }
            let expected = sequence.plans.reduce(0) { $0 + tokenCount(of: $1) }
            guard found == expected else {
                throw .imagesDisagree(
                    reason: "there are \(found) image tokens, but the grids give \(expected)")
            }
        }
        let axis = sequences.flatMap { 0..<Int32($0.ids.count) }
        return axis + axis + axis
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
