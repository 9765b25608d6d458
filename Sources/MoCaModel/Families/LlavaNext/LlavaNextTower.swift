// The vision tower of LLaVA-NeXT: tiles through CLIP and a projection, then arranged as the whole
// image and the rows of the canvas without its margins.
// Shapes: P patches, G image tokens, W vision width, D width of the language model.

import MoCaCore
import NN
import Torch

/// The vision tower, which maps `pixel_values` to image tokens.
struct LlavaNextTower: ImageTower {
    let clip: ClipTower
    let projector: MLP
    /// The token `[D]` after each row of patches.
    let newline: Tensor

    init(_ configuration: LlavaNextConfiguration, _ path: ParameterPath) {
        let width = configuration.text.hiddenSize
        clip = ClipTower(configuration.vision, path)
        projector = MLP(
            first: path / "projector" / "linear_1", second: path / "projector" / "linear_2",
            width: configuration.vision.hiddenSize, intermediate: width, output: width,
            activation: .gelu)
        newline = path.parameter("image_newline", [width], .embedding)
    }

    func features(
        _ pixelValues: Tensor, _ plans: [ImagePlan], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures {
        let patches = projector(clip(pixelValues, memory, observe: observe))  // [P, D]
        let rows = Tensor.concatenated([patches, newline.unsqueezed(0)])
        let order = Self.order(plans, newline: patches.sizes2().0)
        let tokens = rows.indexed(0, by: Tensor(order, on: rows.device))  // [G, D]
        observe?("vision.out", tokens)
        return ImageFeatures(tokens: tokens)
    }

    /// The row of each token: a patch in the order of `pixel_values`, or `newline`.
    static func order(_ plans: [ImagePlan], newline: Int) -> [Int] {
        var (order, start) = ([Int](), 0)
        for case .tiles(let tiles) in plans {
            let (side, area) = (tiles.side, tiles.side * tiles.side)
            order += start..<start + area
            for row in tiles.keptRows {
                order += tiles.keptColumns.map { column in
                    let tile = 1 + row / side * tiles.columns + column / side
                    return start + tile * area + row % side * side + column % side
                }
                order.append(newline)
            }
            start += tiles.patchCount
        }
        return order
    }
}
