// The sizes and settings of a Phi-3-vision or Phi-3.5-vision model.

/// The settings that determine the shape and computation of a Phi-3-vision model.
package struct Phi3VConfiguration: Sendable, Hashable {
    /// The settings of the language model.
    package var text: DecoderShape
    /// The settings of the vision tower. Released files state only its width: the other sizes are
    /// those of CLIP-L/14 for images of 336 pixels, unless the weights show others.
    package var vision: ClipVision
    /// Whether the numbers of the tower's layers are known, from the file or from the weights.
    package var knowsVisionLayers: Bool
    /// Ids of special tokens by key, written back as read and not used in computation.
    package var specialTokens: [String: Int]
    /// The declared type of the stored weights: `float32`, `bfloat16` or `float16`.
    package var storageType: String
    /// Whether the file says if input and output embeddings are one matrix.
    package var declaresTie: Bool

    /// What stands for a part of an image in a sequence, as in the released code: the model has no
    /// token for it.
    static let imageToken: Int32 = -1
}
