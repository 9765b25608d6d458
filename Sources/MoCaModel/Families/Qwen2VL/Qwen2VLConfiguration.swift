// The sizes and settings of a Qwen2-VL model, whatever the form of its config.json.

/// The settings that determine the shape and computation of a Qwen2-VL model.
package struct Qwen2VLConfiguration: Sendable, Hashable {
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
        /// The width of the blocks, `embed_dim`.
        package var width: Int
        /// The width of a feed-forward layer as a multiple of `width`.
        package var mlpRatio: Double
        package var headCount: Int
        package var inChannels: Int
        /// The width of an image token, `hidden_size`, equal to the language model's.
        package var outputWidth: Int
        /// The side of a patch, in pixels.
        package var patchSize: Int
        /// The number of frames of a patch.
        package var temporalPatchSize: Int
        /// The side of the square of patches that become one token, in patches.
        package var spatialMergeSize: Int

        /// The width of a feed-forward layer.
        package var intermediateSize: Int { Int(Double(width) * mlpRatio) }
        /// The number of components per head.
        package var headDimension: Int { width / headCount }
    }
}
