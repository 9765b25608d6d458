// The sizes and settings of one Qwen2.5-VL model, whatever form its config.json has.

/// What decides the shape of a Qwen2.5-VL model and what it computes.
///
///     let configuration = try Qwen25VLConfiguration(parsing: data, file: "config.json")
package struct Qwen25VLConfiguration: Sendable, Hashable {
    /// The language model.
    package var text: Text
    /// The vision tower.
    package var vision: Vision
    /// The tokens that stand for images and their ends.
    package var tokens: Tokens
    /// What the weights are said to be stored as: `float32`, `bfloat16` or `float16`.
    package var storageType: String
    /// False where the file does not say whether input and output embeddings are one matrix;
    /// `text.tieWordEmbeddings` is then false, unless the checkpoint has no `lm_head.weight`.
    package var declaresTie: Bool

    /// The language model.
    package struct Text: Sendable, Hashable {
        package var hiddenSize: Int
        package var intermediateSize: Int
        package var layerCount: Int
        package var headCount: Int
        package var keyValueHeadCount: Int
        /// Rows of the embedding matrix, which has more than the tokenizer has tokens.
        package var vocabularySize: Int
        package var rmsNormEpsilon: Double
        package var ropeTheta: Double
        /// Frequencies that turn by time, height and width; their sum is half the head dimension.
        package var mropeSection: [Int]
        /// The longest sequence.
        package var maxPositions: Int
        package var tieWordEmbeddings: Bool

        /// Numbers a head.
        package var headDimension: Int { hiddenSize / headCount }
        /// Numbers of all key heads of a token.
        package var keyValueSize: Int { headDimension * keyValueHeadCount }
    }

    /// The vision tower.
    package struct Vision: Sendable, Hashable {
        /// Blocks.
        package var depth: Int
        package var hiddenSize: Int
        package var intermediateSize: Int
        package var headCount: Int
        package var inChannels: Int
        /// The width of a token's features: the language model's hidden size.
        package var outHiddenSize: Int
        /// Pixels a side.
        package var patchSize: Int
        /// Frames a patch.
        package var temporalPatchSize: Int
        /// Patches a side that become one token.
        package var spatialMergeSize: Int
        /// Pixels a side of an attention window.
        package var windowSize: Int
        /// Blocks that attend over the whole image.
        package var fullAttentionBlockIndexes: [Int]

        /// Numbers a head.
        package var headDimension: Int { hiddenSize / headCount }
        /// Numbers in a row of `pixel_values`.
        package var patchValueCount: Int {
            inChannels * temporalPatchSize * patchSize * patchSize
        }
        /// Patches that become one token.
        package var mergeUnit: Int { spatialMergeSize * spatialMergeSize }
        /// Tokens a side of an attention window.
        package var windowTokens: Int { windowSize / spatialMergeSize / patchSize }
    }

    /// The tokens that stand for images and their ends.
    package struct Tokens: Sendable, Hashable {
        package var image: Int32
        package var video: Int32
        package var visionStart: Int32
        package var visionEnd: Int32
        /// Written back as read; nothing is computed from the next three.
        package var visionPad: Int32?
        package var beginning: Int32?
        package var end: Int32?
    }

    /// The constant inside the vision tower's norms; no file has it.
    package static let visionNormEpsilon = 1e-6
    /// The base of the vision tower's rotary frequencies; no file may change it.
    package static let visionRopeTheta = 10_000.0
}
