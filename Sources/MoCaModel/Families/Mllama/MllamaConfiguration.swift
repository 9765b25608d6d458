// The sizes and settings of a Llama 3.2 Vision model, which transformers calls Mllama.

package import MoCaCore

/// The settings that determine the shape and computation of a Llama 3.2 Vision model.
package struct MllamaConfiguration: Sendable, Hashable {
    /// The settings of the language model. Its embedding matrix has `addedRows` rows more than its
    /// output matrix.
    package var text: DecoderShape
    /// The indices of the layers that attend to images instead of tokens, ascending.
    package var crossLayers: [Int]
    /// The settings of the vision tower.
    package var vision: Vision
    /// The special tokens.
    package var tokens: Tokens
    /// The declared type of the stored weights: `float32`, `bfloat16` or `float16`.
    package var storageType: String
    /// Whether the file says if input and output embeddings are one matrix.
    package var declaresTie: Bool

    /// The number of rows of the embedding matrix beyond the output's: the image token, which is
    /// never predicted, and seven unused ones.
    static let addedRows = 8

    /// The ids of special tokens, as `config.json` states them.
    package struct Tokens: Sendable, Hashable {
        package var image: Int32
        /// A token that is written back as read, like the next two; not used in computation.
        package var beginning: Int?
        package var end: Int?
        package var padding: Int?
    }

    /// The settings of the vision tower.
    package struct Vision: Sendable, Hashable {
        package var hiddenSize: Int
        package var headCount: Int
        package var intermediateSize: Int
        /// The number of layers of the first, local transformer.
        package var layerCount: Int
        /// The number of gated layers of the second, global transformer.
        package var globalLayerCount: Int
        /// The indices of the local layers whose inputs are part of the tower's output.
        package var tapIndexes: [Int]
        package var channelCount: Int
        /// The side of a patch, in pixels.
        package var patchSize: Int
        /// The side of a tile, in pixels.
        package var tileSize: Int
        /// The maximum number of tiles of an image.
        package var tileCountMax: Int
        /// The epsilon of the norms.
        package var normEpsilon: Double

        /// The side of a tile, in patches.
        package var tileSide: Int { tileSize / patchSize }
        /// The number of vectors that a tile becomes: one for each patch, and the class token.
        package var tileVectors: Int { tileSide * tileSide + 1 }
        /// The number of vectors that fill a tile up to a multiple of 8.
        package var tileFiller: Int { (8 - tileVectors % 8) % 8 }
        /// The width of the tower's output: the last state and each tapped one.
        package var outputWidth: Int { hiddenSize * (1 + tapIndexes.count) }
        /// The number of components per head.
        package var headDimension: Int { hiddenSize / headCount }
        /// The arrangements of at most `tileCountMax` tiles, in the order of their table rows.
        package var canvases: [ImageCanvas] {
            ImageCanvas.all(tileCountMax: tileCountMax, side: tileSide)
        }
    }
}

extension MllamaConfiguration.Vision {
    /// The row of an image in the tables by arrangement of tiles, whose row 0 is not used.
    func tableRow(of canvas: ImageCanvas) -> Int {
        guard let index = canvases.firstIndex(of: canvas) else {
            preconditionFailure("the canvases of an input are checked")
        }
        return index + 1
    }
}
