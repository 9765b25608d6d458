// The vision tower of Phi-3-vision: crops and the whole image through CLIP, two by two patches merged
// into one token, with separators, then a projection.
// Shapes: P patches, C merged cells, G image tokens, W vision width, D width of the language model.

import MoCaCore
import NN
import Torch

/// The vision tower, which maps `pixel_values` to image tokens.
struct Phi3VTower: ImageTower {
    let clip: ClipTower
    let projector: MLP
    /// The separator `[1, 1, 4W]` between the crops and the whole image.
    let wholeSeparator: Tensor
    /// The separator `[1, 1, 1, 4W]` after each row of tokens.
    let lineSeparator: Tensor

    init(_ configuration: Phi3VConfiguration, _ path: ParameterPath) {
        let (width, vision) = (configuration.text.hiddenSize, configuration.vision)
        let merged = 4 * vision.hiddenSize
        clip = ClipTower(vision, path)
        projector = MLP(
            first: path / "projector" / 0, second: path / "projector" / 2, width: merged,
            intermediate: width, output: width, activation: .gelu)
        wholeSeparator = path.parameter("glb_GN", [1, 1, merged], .embedding)
        lineSeparator = path.parameter("sub_GN", [1, 1, 1, merged], .embedding)
    }

    func features(
        _ pixelValues: Tensor, _ plans: [ImagePlan], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures {
        let whole = WholeViews(plans, patchSize: clip.vision.patchSize)
        let all = Tensor.concatenated([pixelValues] + whole.patches(of: pixelValues))
        let states = clip(all, memory, observe: observe)  // [P, W]
        let layout = Phi3VLayout(plans)
        let merged = 4 * clip.vision.hiddenSize
        let cells = states.indexed(0, by: Tensor(layout.cells, on: states.device))
            .reshaped([-1, merged])  // [C, 4W]
        let rows = Tensor.concatenated([
            cells, lineSeparator.reshaped([1, merged]), wholeSeparator.reshaped([1, merged]),
        ])
        let ordered = rows.indexed(0, by: Tensor(layout.order, on: rows.device))  // [G, 4W]
        let tokens = projector(ordered)  // [G, D]
        observe?("vision.out", tokens)
        return ImageFeatures(tokens: tokens)
    }
}

/// The order in which the patches of a batch become tokens.
struct Phi3VLayout: Sendable, Hashable {
    /// The patches of each merged cell, four after one another. The patches of the whole images
    /// follow those of all crops.
    private(set) var cells: [Int] = []
    /// The row of each token: a cell, or a separator, whose rows follow those of the cells.
    private(set) var order: [Int] = []

    init(_ plans: [ImagePlan]) {
        let images = plans.compactMap { plan in
            if case .crops(let crops) = plan { crops } else { nil }
        }
        let cellCount = images.reduce(0) {
            $0 + ($1.cropCount + 1) * $1.lineCount * $1.lineCount
        }
        var start = 0
        var whole = images.reduce(0) { $0 + $1.patchCount }
        for crops in images {
            appendLines(crops, rows: crops.rows, columns: crops.columns, from: start, cellCount)
            order.append(cellCount + 1)
            appendLines(crops, rows: 1, columns: 1, from: whole, cellCount)
            start += crops.patchCount
            whole += crops.side * crops.side
        }
    }

    /// Appends the cells of `rows` x `columns` crops line by line, each line with its separator.
    private mutating func appendLines(
        _ crops: ImageCrops, rows: Int, columns: Int, from start: Int, _ separator: Int
    ) {
        let (side, lines) = (crops.side, crops.lineCount)
        for line in 0..<rows * lines {
            for cell in 0..<columns * lines {
                let crop = line / lines * columns + cell / lines
                let first = start + crop * side * side
                let (y, x) = (line % lines * 2, cell % lines * 2)
                order.append(cells.count / 4)
                cells += [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)].map { row, column in
                    first + row * side + column
                }
            }
            order.append(separator)
        }
    }
}
