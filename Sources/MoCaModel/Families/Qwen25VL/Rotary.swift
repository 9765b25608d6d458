// Rotary tables: the rotation angles of each token or patch.
// Shapes: T tokens, P patches, D components per head.

import Torch

/// The cosines and sines of a batch, `[T, D]`.
package struct RotaryTable: Sendable {
    let cosine: Tensor
    let sine: Tensor

    /// Creates the table of angles `[T, D / 2]`; both halves of a head rotate by the same angles.
    private init(angles: Tensor, dtype: DType) {
        let both = Tensor.concatenated([angles, angles], axis: 1)  // [T, D]
        cosine = both.cosine().to(dtype)
        sine = both.sine().to(dtype)
    }

    /// Rotates every head of x `[T, H, D]`.
    func rotate(_ x: Tensor) -> Tensor {
        x.rotatedHalves(cosine: cosine, sine: sine)
    }

    /// Multimodal rotary positions of the language model (Qwen2-VL, section 2.1): pair i rotates by
    /// time, height or width, depending on its section. Computed in float32, then rounded to
    /// `dtype`, the type of the hidden states. `positions` is `[3 * T]`, row-major.
    static func language(
        _ positions: [Int32], _ text: Qwen25VLConfiguration.Text, dtype: DType, device: Device
    ) -> RotaryTable {
        let axes = Tensor(positions, shape: [3, positions.count / 3], on: device).to(.float32)
        let axisOfPair = text.mropeSection.enumerated().flatMap { axis, length in
            [Int](repeating: axis, count: length)
        }
        let pairs = axes.indexed(0, by: Tensor(axisOfPair, on: device))
            .transposed(0, 1)  // [T, D / 2]
        let frequencies = inverseFrequencies(
            text.headDimension, base: text.ropeTheta, device: device)
        return RotaryTable(angles: pairs * frequencies, dtype: dtype)
    }

    /// Rotary positions of patches in their image: the first half of the angles rotates by row, the
    /// second by column. Stays float32: the vision tower rotates in float32.
    static func vision(
        rows: [Int32], columns: [Int32], headDimension: Int, device: Device
    ) -> RotaryTable {
        let frequencies = inverseFrequencies(
            headDimension / 2, base: Qwen25VLConfiguration.visionRopeTheta, device: device)
        let angles = [rows, columns].map { places in
            Tensor(places, shape: [places.count, 1], on: device).to(.float32) * frequencies
        }
        return RotaryTable(angles: .concatenated(angles, axis: 1), dtype: .float32)
    }

    /// The inverse frequencies `1 / base^(2i / width)`, `[width / 2]`, rounded as in the reference.
    private static func inverseFrequencies(_ width: Int, base: Double, device: Device) -> Tensor {
        let even = Tensor(stride(from: 0, to: width, by: 2).map { Float($0) }, on: device)
        let exponents = even / Tensor(Double(width), on: device)
        return Tensor(1, on: device) / Tensor.power(of: base, exponents)
    }
}
