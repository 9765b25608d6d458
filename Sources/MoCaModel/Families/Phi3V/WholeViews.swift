// The whole image as one crop, reduced from the normalised crops as `torch.nn.functional.interpolate`
// does with `mode="bicubic"`: Keys' cubic with a = -0.75, four taps whatever the reduction.
// Shapes: H, W sides of the image in pixels, E side of a crop in pixels, S patches along it.

import MoCaCore
import Torch

/// The reduced images of a batch.
struct WholeViews: Sendable {
    private let images: [ImageCrops]
    private let patchSize: Int

    init(_ plans: [ImagePlan], patchSize: Int) {
        images = plans.compactMap { plan in
            if case .crops(let crops) = plan { crops } else { nil }
        }
        self.patchSize = patchSize
    }

    /// The patches `[S * S, values]` of each reduced image, of the patches of all crops.
    func patches(of pixelValues: Tensor) -> [Tensor] {
        var start = 0
        return images.map { crops in
            let own = start..<start + crops.patchCount
            start = own.upperBound
            return reduced(pixelValues.narrowed(0, own), crops)
        }
    }

    private func reduced(_ patches: Tensor, _ crops: ImageCrops) -> Tensor {
        let (side, size) = (crops.side, patchSize)
        let (height, width) = (crops.rows * side * size, crops.columns * side * size)
        let target = side * size
        // [rows, columns, S, S, channels, y, x] -> [H, channels * W]
        let image = patches.reshaped([crops.rows, crops.columns, side, side, 3 * size * size])
            .transposed(1, 2)
            .reshaped([crops.rows * side, crops.columns * side, 3, size, size])
            .transposed(1, 3)
            .reshaped([height, 3 * width])
        let rows = Self.matrix(from: height, to: target, on: patches.device)  // [E, H]
        let columns = Self.matrix(from: width, to: target, on: patches.device)  // [E, W]
        return rows.matmul(image)
            .reshaped([target * 3, width])
            .matmul(columns.transposed(0, 1))  // [E * channels, E]
            .reshaped([side, size, 3, side, size])
            .transposed(1, 3)
            .reshaped([side * side, 3 * size * size])
    }

    private static func matrix(from length: Int, to target: Int, on device: Device) -> Tensor {
        Tensor(weights(from: length, to: target), shape: [target, length], on: device)
    }

    /// The weights `[target, length]` of the pixels of one axis, in float32.
    static func weights(from length: Int, to target: Int) -> [Float] {
        var weights = [Float](repeating: 0, count: target * length)
        let scale = Float(length) / Float(target)
        for index in 0..<target {
            let place = scale * (Float(index) + 0.5) - 0.5
            let first = place.rounded(.down)
            let t = place - first
            for (tap, weight) in [far(t + 1), near(t), near(1 - t), far(2 - t)].enumerated() {
                let pixel = min(max(Int(first) - 1 + tap, 0), length - 1)
                weights[index * length + pixel] += weight
            }
        }
        return weights
    }

    private static let a: Float = -0.75

    /// The cubic at a distance of at most 1.
    private static func near(_ x: Float) -> Float {
        ((a + 2) * x - (a + 3)) * x * x + 1
    }

    /// The cubic at a distance from 1 to 2.
    private static func far(_ x: Float) -> Float {
        ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    }
}
