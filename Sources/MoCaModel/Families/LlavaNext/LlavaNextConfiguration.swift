// The sizes and settings of a LLaVA-NeXT model on Mistral (LLaVA-1.6).

/// The settings that determine the shape and computation of a LLaVA-NeXT model.
package struct LlavaNextConfiguration: Sendable, Hashable {
    /// The settings of the language model.
    package var text: DecoderShape
    /// The settings of the vision tower.
    package var vision: ClipVision
    /// The token that represents a patch of an image, or the end of a row of patches.
    package var imageToken: Int32
    /// The heights and widths of the canvases that images are placed on, in pixels. They are
    /// written back as read: the image processor's file decides.
    package var pinpoints: [[Int]]
    /// The declared type of the stored weights: `float32`, `bfloat16` or `float16`.
    package var storageType: String
    /// Whether the file says if input and output embeddings are one matrix.
    package var declaresTie: Bool
}
