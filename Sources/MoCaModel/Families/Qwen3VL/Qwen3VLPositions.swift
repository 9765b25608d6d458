// The learned positions of Qwen3-VL's vision tower: a square table, resampled to each image's grid.
// Shapes: P patches, W vision width.

import MoCaCore
import NN
import Torch

/// A table of positions, read bilinearly so that its corners are those of the image
/// (`align_corners`).
struct PositionTable: Sendable {
    /// The table `[side * side, W]`, row by row.
    let weight: Tensor
    let side: Int

    init(_ path: ParameterPath, side: Int, width: Int) {
        weight = path.parameter("weight", [side * side, width], .embedding)
        self.side = side
    }

    /// The positions `[P, W]` of the patches of `layout`, which belong to `grids`.
    func callAsFunction(_ layout: FrameLayout, _ grids: [ImageGrid]) -> Tensor {
        let frames = grids.flatMap { [ImageGrid](repeating: $0, count: $0.t) }
        var corners = (0..<4).map { _ in (rows: [Int](), weights: [Float]()) }
        for (frame, grid) in frames.enumerated() {
            for patch in layout.starts[frame]..<layout.starts[frame + 1] {
                let row = Tap(layout.rows[patch], of: grid.h, side: side)
                let column = Tap(layout.columns[patch], of: grid.w, side: side)
                for (number, (y, x)) in [(0, 0), (0, 1), (1, 0), (1, 1)].enumerated() {
                    corners[number].rows.append(row.indices[y] * side + column.indices[x])
                    corners[number].weights.append(row.weights[y] * column.weights[x])
                }
            }
        }
        let parts = corners.map { corner in
            let weights = Tensor(
                corner.weights, shape: [corner.weights.count, 1], on: weight.device)
            return weight.embedding(Tensor(corner.rows, on: weight.device)).to(.float32) * weights
        }
        return parts.dropFirst().reduce(parts[0], +)
    }

    /// The two entries of one axis that a patch lies between, in float32 as transformers computes.
    private struct Tap {
        let indices: [Int]
        let weights: [Float]

        init(_ index: Int32, of count: Int, side: Int) {
            let place = Float(index) * Float(side - 1) / Float(max(count - 1, 1))
            let first = place.rounded(.down)
            indices = [Int(first), min(Int(first) + 1, side - 1)]
            weights = [1 - (place - first), max(0, 1 - abs(place - first - 1))]
        }
    }
}
