// The learned positions of Llama 3.2 Vision's tower: those of patches in a tile and of tiles in an
// image. Gates decide how much each adds.
// Shapes: C tiles, R vectors of a tile, W vision width.

import NN
import Torch

/// The factor `tanh(gate)` of a learned gate.
struct Gate: Sendable {
    /// The gate `[1]`.
    let weight: Tensor

    init(_ path: ParameterPath, _ name: String) {
        weight = path.parameter(name, [1], .bias)
    }

    /// The factor `[1]`.
    var factor: Tensor { weight.hyperbolicTangent() }
}

/// A vector for each tile of an image, by the arrangement of its tiles.
struct TileEmbedding: Sendable {
    /// The table `[arrangements + 1, C * W]`.
    let embedding: TokenEmbedding
    let gate: Gate
    let vision: MllamaConfiguration.Vision

    init(_ vision: MllamaConfiguration.Vision, _ path: ParameterPath) {
        embedding = TokenEmbedding(
            path / "embedding", rows: vision.canvases.count + 1,
            width: vision.tileCountMax * vision.hiddenSize)
        gate = Gate(path, "gate")
        self.vision = vision
    }

    /// The vectors `[C, 1, W]` of the arrangement in a row of the table.
    func callAsFunction(_ row: Tensor) -> Tensor {
        embedding(row).reshaped([vision.tileCountMax, 1, vision.hiddenSize]) * gate.factor
    }
}

/// A vector for each vector of a tile, and one for each of an image, by the arrangement of its
/// tiles; one gate mixes the two.
struct PatchPositions: Sendable {
    /// The positions in a tile `[R, W]`.
    let embedding: Tensor
    /// The table of positions in an image, `[arrangements + 1, C * R * W]`.
    let tileEmbedding: TokenEmbedding
    let gate: Gate
    let vision: MllamaConfiguration.Vision

    init(_ vision: MllamaConfiguration.Vision, _ path: ParameterPath) {
        let (vectors, width) = (vision.tileVectors, vision.hiddenSize)
        embedding = path.parameter("embedding", [vectors, width], .embedding)
        tileEmbedding = TokenEmbedding(
            path / "tile_embedding", rows: vision.canvases.count + 1,
            width: vision.tileCountMax * vectors * width)
        gate = Gate(path, "gate")
        self.vision = vision
    }

    /// Adds the positions of the arrangement in a row of the table to x `[C, R, W]`.
    func callAsFunction(_ x: Tensor, _ row: Tensor) -> Tensor {
        let factor = gate.factor
        let inImage = tileEmbedding(row).reshaped([
            vision.tileCountMax, vision.tileVectors, vision.hiddenSize,
        ])
        return x + embedding * (-factor + 1) + inImage * factor
    }
}
