import MoCaCore
import Testing

@testable import Torch

/// The fused kernels against the same formulas in plain operators, in float64, values and gradients.
@Suite struct KernelTests {
    /// Runs `body` on leaves; returns the value and the gradient of each leaf for a fixed projection.
    private func run(_ leaves: [Tensor], _ body: ([Tensor]) -> Tensor) -> [[Double]] {
        for leaf in leaves { leaf.setRequiresGradient(true) }
        let y = body(leaves)
        var random = RandomSource(seed: 99)
        let projection = Tensor.normal(y.shape, using: &random).to(y.dtype)
        (y * projection).sum().backward()
        return [y.detached().array(Double.self)] + leaves.map { $0.gradient!.array(Double.self) }
    }

    private func expectClose(_ x: [[Double]], _ y: [[Double]], _ tolerance: Double = 2e-6) {
        #expect(x.map(\.count) == y.map(\.count))
        for (a, b) in zip(x, y) {
            let scale = b.map(abs).max() ?? 1
            let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= tolerance * max(1, scale))
        }
    }

    private func draw(_ shapes: [[Int]]) -> [Tensor] {
        var random = RandomSource(seed: 3)
        return shapes.map { Tensor.normal($0, using: &random) }
    }

    @Test(arguments: [(1, 1), (3, 7), (33, 16), (70, 40), (129, 130)])
    func rmsNorm(rows: Int, width: Int) {
        let leaves = draw([[rows, width], [width]])
        let fused = run(leaves.map { $0.clone() }) { $0[0].rmsNorm($0[1], epsilon: 1e-6) }
        let plain = run(leaves.map { $0.to(.float64) }) { x in
            x[0] / (x[0].power(2).mean([1], keepingAxes: true) + 1e-6).squareRoot() * x[1]
        }
        expectClose(fused, plain)
    }

    @Test(arguments: [1, 17, 1024, 40_000])
    func siluMultiplied(count: Int) {
        let leaves = draw([[count], [count]]).map { $0 * 20 }
        let fused = run(leaves.map { $0.clone() }) { $0[0].siluMultiplied($0[1]) }
        let plain = run(leaves.map { $0.to(.float64) }) { x in
            x[0] / ((-x[0]).exponential() + 1) * x[1]
        }
        expectClose(fused, plain)
    }

    @Test func siluAtTheEndsOfTheRange() {
        let gate = Tensor([-200, -88, -1e-30, 0, 1e-30, 88, 200, .infinity] as [Float])
        let y: [Float] = gate.siluMultiplied(.ones([8])).array()
        #expect(y.allSatisfy { !$0.isNaN })
        #expect(abs(y[0]) < 1e-30 && y[5] == 88 && y[6] == 200 && y[7] == .infinity)
    }

    @Test(arguments: [(1, 1, 2), (5, 3, 8), (40, 4, 64)])
    func rotatedHalves(tokens: Int, heads: Int, width: Int) {
        let leaves = draw([[tokens, heads, width]])
        let angles = draw([[tokens, width / 2]])[0]
        let table = Tensor.concatenated([angles, angles], axis: 1)
        let fused = run(leaves.map { $0.clone() }) {
            $0[0].rotatedHalves(cosine: table.cosine(), sine: table.sine())
        }
        let plain = run(leaves.map { $0.to(.float64) }) { x in
            let half = width / 2
            let turned = Tensor.concatenated(
                [-x[0].narrowed(2, half..<width), x[0].narrowed(2, 0..<half)], axis: 2)
            let wide = table.to(.float64).unsqueezed(1)
            return x[0] * wide.cosine() + turned * wide.sine()
        }
        expectClose(fused, plain)
    }

    @Test func rotatedHalvesOfAStridedView() {
        let packed = draw([[6, 3, 2, 4]])[0]
        let view = packed.selected(1, 1)
        let angles = draw([[6, 4]])[0]
        let (cosine, sine) = (angles.cosine(), angles.sine())
        let strided: [Float] = view.rotatedHalves(cosine: cosine, sine: sine).array()
        let copied: [Float] = view.contiguous().rotatedHalves(cosine: cosine, sine: sine).array()
        #expect(strided == copied)
    }

    @Test func attentionSharesKeyHeads() {
        let parts = draw([[2, 4, 5, 8], [2, 2, 5, 8], [2, 2, 5, 8]])
        let shared: [Float] = parts[0]
            .attention(keys: parts[1], values: parts[2], isCausal: false, scale: 0.3).array()
        let index = Tensor([0, 0, 1, 1] as [Int])
        let repeated = parts.dropFirst().map { $0.indexed(1, by: index) }
        let plain: [Float] = parts[0]
            .attention(keys: repeated[0], values: repeated[1], isCausal: false, scale: 0.3).array()
        #expect(shared == plain)
        let weights = (parts[0].matmul(repeated[0].transposed(2, 3)) * 0.3).exponential()
        let scores = weights / weights.sum([3], keepingAxes: true)
        let naive: [Float] = scores.matmul(repeated[1]).array()
        #expect(zip(shared, naive).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    /// The CPU's kernel takes the exponential of a NaN for a number.
    @Test(arguments: [0, 1])
    func attentionKeepsWhatIsNotFinite(spoilt: Int) {
        let parts = draw([[2, 2, 20, 16], [2, 2, 20, 16], [2, 2, 20, 16]])
        func attended(_ parts: [Tensor]) -> [Float] {
            parts[0].attention(keys: parts[1], values: parts[2], isCausal: true, scale: 0.3).array()
        }
        let plain = attended(parts)
        var values: [Float] = parts[spoilt].array()
        values[0] = .nan
        var damaged = parts
        damaged[spoilt] = Tensor(values, shape: [2, 2, 20, 16])
        let found = attended(damaged)
        // The second sequence is as before.
        let half = plain.count / 2
        let areLost = found[..<half].allSatisfy(\.isNaN)
        #expect(areLost)
        #expect(found[half...] == plain[half...])
    }

    @Test func halfPrecisionRoundsTheNormBeforeTheWeight() {
        let leaves = draw([[3, 16], [16]])
        let x = leaves[0].to(.bfloat16)
        let weight = leaves[1].to(.bfloat16)
        let wide = x.to(.float32)
        let scale = (wide.power(2).mean([1], keepingAxes: true) + 1e-6).power(-0.5)
        let expected: [Float] = ((wide * scale).to(.bfloat16) * weight).array()
        #expect(x.rmsNorm(weight, epsilon: 1e-6).array(Float.self) == expected)
    }
}
