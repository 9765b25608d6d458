// The sizes and settings of a Qwen3-VL model.

/// The settings that determine the shape and computation of a Qwen3-VL model.
package struct Qwen3VLConfiguration: Sendable, Hashable {
    /// The settings of the language model.
    package var text: DecoderShape
    /// The settings of the vision tower.
    package var vision: Vision
    /// The special tokens of images and texts.
    package var tokens: VisionTokens
    /// The declared type of the stored weights: `float32`, `bfloat16` or `float16`.
    package var storageType: String
    /// Whether the file says if input and output embeddings are one matrix. If not,
    /// `text.tieWordEmbeddings` is false, unless the checkpoint has no `lm_head.weight`.
    package var declaresTie: Bool

    /// The settings of the vision tower.
    package struct Vision: Sendable, Hashable {
        /// The number of blocks.
        package var depth: Int
        package var hiddenSize: Int
        package var intermediateSize: Int
        package var headCount: Int
        package var inChannels: Int
        /// The width of an image token, equal to the language model's hidden size.
        package var outHiddenSize: Int
        /// The side of a patch, in pixels.
        package var patchSize: Int
        /// The number of frames of a patch.
        package var temporalPatchSize: Int
        /// The side of the square of patches that become one token, in patches.
        package var spatialMergeSize: Int
        /// The number of rows and of columns of the table of positions.
        package var positionSide: Int
        /// The indices of the blocks whose states become features of the first decoder layers.
        package var deepStackIndexes: [Int]

        /// The number of components per head.
        package var headDimension: Int { hiddenSize / headCount }
    }
}
