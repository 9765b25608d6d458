// Rotary tables: the rotation angles of each token or patch.
// Shapes: T tokens, P patches, D components per head.

import Torch

/// The cosines and sines of a batch, `[T, D]`.
package struct RotaryTable: Sendable {
    let cosine: Tensor
    let sine: Tensor

    /// Creates the table of angles `[T, D / 2]`; both halves of a head rotate by the same angles.
    ///
    /// - Parameter magnitude: a factor of cosines and sines.
    private init(angles: Tensor, magnitude: Double = 1, dtype: DType) {
        let both = Tensor.concatenated([angles, angles], axis: 1)  // [T, D]
        let parts = [both.cosine(), both.sine()].map { magnitude == 1 ? $0 : $0 * magnitude }
        cosine = parts[0].to(dtype)
        sine = parts[1].to(dtype)
    }

    /// Rotates every head of x `[T, H, D]`.
    func rotate(_ x: Tensor) -> Tensor {
        x.rotatedHalves(cosine: cosine, sine: sine)
    }

    /// Multimodal rotary positions of the language model (Qwen2-VL, section 2.1): pair i rotates by
    /// time, height or width, depending on the axis layout. Computed in float32, then rounded to
    /// `dtype`, the type of the hidden states. `positions` is `[3 * T]`, row-major.
    ///
    /// - Parameter starts: the first tokens of the sequences and the end, `[N + 1]`, for models
    ///   whose frequencies depend on a sequence's length.
    static func language(
        _ positions: [Int32], starts: [Int], _ text: DecoderShape, dtype: DType, device: Device
    ) -> RotaryTable {
        let axes = Tensor(positions, shape: [3, positions.count / 3], on: device).to(.float32)
        let pairs = axes.indexed(0, by: Tensor(text.axes.axisOfFrequency, on: device))
            .transposed(0, 1)  // [T, D / 2]
        guard case .longRope(let scaling) = text.scaling else {
            return RotaryTable(angles: pairs * frequencies(text, device), dtype: dtype)
        }
        let tables = Tensor.stacked(
            [scaling.shortDivisors, scaling.longDivisors].map { divisors in
                inverseFrequencies(
                    text.headDimension, base: text.ropeTheta, divisors: divisors, device: device)
            })  // [2, D / 2]
        // Decided for each sequence, so that its neighbours in a batch do not change it.
        let choices = zip(starts, starts.dropFirst()).flatMap { start, end in
            [Int](repeating: end - start > scaling.originalPositions ? 1 : 0, count: end - start)
        }
        let own = tables.indexed(0, by: Tensor(choices, on: device))  // [T, D / 2]
        return RotaryTable(angles: pairs * own, magnitude: scaling.magnitude, dtype: dtype)
    }

    /// The rotary frequencies of a language model, `[D / 2]`.
    static func frequencies(_ text: DecoderShape, _ device: Device) -> Tensor {
        let plain = inverseFrequencies(text.headDimension, base: text.ropeTheta, device: device)
        guard text.scaling != .none else { return plain }
        return Tensor(text.scaling(plain.array()), on: device)
    }

    /// The base of the rotary frequencies of vision towers, which files cannot change.
    static let visionBase = 10_000.0

    /// Rotary positions of patches in their image: the first half of the angles rotates by row, the
    /// second by column. Stays float32: the vision tower rotates in float32.
    static func vision(
        rows: [Int32], columns: [Int32], headDimension: Int, device: Device
    ) -> RotaryTable {
        let frequencies = inverseFrequencies(
            headDimension / 2, base: visionBase, device: device)
        let angles = [rows, columns].map { places in
            Tensor(places, shape: [places.count, 1], on: device).to(.float32) * frequencies
        }
        return RotaryTable(angles: .concatenated(angles, axis: 1), dtype: .float32)
    }

    /// The inverse frequencies `1 / (divisor * base^(2i / width))`, `[width / 2]`, rounded as in the
    /// reference.
    ///
    /// - Parameter divisors: a divisor of each frequency; nil for none.
    private static func inverseFrequencies(
        _ width: Int, base: Double, divisors: [Float]? = nil, device: Device
    ) -> Tensor {
        let even = Tensor(stride(from: 0, to: width, by: 2).map { Float($0) }, on: device)
        let exponents = even / Tensor(Double(width), on: device)
        let powers = Tensor.power(of: base, exponents)
        return Tensor(1, on: device) / (divisors.map { Tensor($0, on: device) * powers } ?? powers)
    }
}
