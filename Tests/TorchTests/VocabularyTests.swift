import MoCaCore
import Testing

@testable import Torch

/// The layers whose weight is a table of the vocabulary, against composed operators.
@Suite struct VocabularyTests {
    private struct Result {
        var loss: Double
        var states: [Float]
        var weight: [Float]
    }

    private let targets = Tensor([3, 0, 3, 28, 11, 7, 7] as [Int64])

    private func run(_ loss: (Tensor, Tensor, Tensor) -> Tensor, times: Int = 1) -> Result {
        var random = RandomSource(seed: 1)
        let weight = Tensor.normal([29, 8], using: &random)
        let states = Tensor.normal([7, 8], using: &random)
        weight.setRequiresGradient(true)
        states.setRequiresGradient(true)
        var value = 0.0
        for _ in 0..<times {
            let sum = loss(states, weight, targets)
            (sum * 0.25).backward()
            value = sum.item()
        }
        return Result(
            loss: value, states: states.gradient!.array(), weight: weight.gradient!.array())
    }

    private func worst(_ x: [Float], _ y: [Float]) -> Float {
        zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    @Test(arguments: [1, 3, 7, 100], [1, 2])
    func chunkedLossHasTheGradientsOfThePlainOne(chunk: Int, times: Int) {
        let plain = run({ $0.linear($1, nil).crossEntropySum($2) }, times: times)
        let chunked = run(
            { $0.linearCrossEntropy($1, $2, chunk: chunk).sum }, times: times)
        #expect(abs(plain.loss - chunked.loss) <= 1e-4)
        #expect(worst(plain.states, chunked.states) <= 1e-5)
        #expect(worst(plain.weight, chunked.weight) <= 1e-5)
        // Control: other targets move the gradients.
        let other = run(
            { states, weight, _ in
                states.linearCrossEntropy(
                    weight, Tensor([1, 0, 3, 28, 11, 7, 7] as [Int64]), chunk: chunk
                ).sum
            }, times: times)
        #expect(worst(plain.weight, other.weight) > 1e-3)
    }

    @Test func eachRowHasItsLossAndWhetherItIsRight() {
        // Logits of row i are greatest at i.
        let states = Tensor((0..<12).map { $0 % 5 == 0 ? Float(2) : 0 }, shape: [3, 4])
        let weight = Tensor((0..<16).map { $0 % 5 == 0 ? Float(1) : 0 }, shape: [4, 4])
        let targets = Tensor([0, 3, 2] as [Int64])
        let found = states.linearCrossEntropy(weight, targets, chunk: 2)
        let plain: [Float] = states.linear(weight, nil).crossEntropy(targets).array()
        let rows: [Float] = found.rows.array()
        #expect(zip(plain, stride(from: 0, to: 6, by: 2)).allSatisfy { abs($0 - rows[$1]) < 1e-6 })
        #expect([rows[1], rows[3], rows[5]] == [1, 0, 1])
        #expect(abs(found.sum.item() - Double(plain.reduce(0, +))) < 1e-5)
    }

    /// In float16 a gradient of 1e-8 is 0, unless it is scaled before it is rounded.
    @Test func smallGradientsSurviveInHalfPrecision() {
        func gradient(_ scale: Double) -> [Float] {
            // Two classes so far behind that their probability is about 1e-8.
            let weight = Tensor([20, 1, 1] as [Float], shape: [3, 1]).to(.float16)
            weight.setRequiresGradient(true)
            let states = Tensor([1] as [Float], shape: [1, 1]).to(.float16)
            let sum = states.linearCrossEntropy(
                weight, Tensor([0] as [Int64]), chunk: 1, scale: scale
            ).sum
            (sum * scale).backward()
            return weight.gradient?.to(.float32).array() ?? []
        }
        #expect(gradient(1)[1] == 0)
        let probability: Float = 5.602796e-9  // e^-19
        #expect(abs(gradient(4096)[1] - 4096 * probability) < 0.01 * 4096 * probability)
    }

    @Test func largeLogitsDoNotOverflow() {
        let plain = run({ ($0 * 300).linear($1, nil).crossEntropySum($2) })
        let chunked = run({ ($0 * 300).linearCrossEntropy($1, $2, chunk: 2).sum })
        #expect(abs(plain.loss - chunked.loss) <= 1e-5 * plain.loss)
        #expect(chunked.weight.allSatisfy { $0.isFinite })
    }

    /// A 16-bit table whose gradients are summed in float32: of the chunks, of several losses, and of
    /// looked-up rows. More rows than are multiplied at a time.
    @Test func aNarrowTableSumsInFloat32() {
        func gradient(_ dtype: DType, _ sums: DType) -> [Float] {
            var random = RandomSource(seed: 3)
            let table = (Tensor.normal([9000, 4], using: &random) * 0.1).to(.bfloat16).to(dtype)
            table.setRequiresGradient(true)
            table.setGradientType(sums)
            let ids = Tensor((0..<32).map { Int64($0 % 3) })
            for _ in 0..<8 {
                let states = table.embedding(ids)
                (states.linearCrossEntropy(table, ids, chunk: 1).sum * 0.125).backward()
            }
            #expect(table.gradient?.dtype == sums)
            return table.gradient!.to(.float32).array()
        }
        func error(_ x: [Float], _ y: [Float]) -> Float {
            worst(x, y) / y.map { abs($0) }.max()!
        }
        let exact = gradient(.float32, .float32)
        let (wide, narrow) = (gradient(.bfloat16, .float32), gradient(.bfloat16, .bfloat16))
        #expect(error(wide, exact) < 4e-3)
        #expect(error(narrow, exact) > 10 * error(wide, exact))
    }

    @Test func aFrozenWeightGetsNoGradient() {
        let weight = Tensor.ones([29, 8])
        let states = Tensor.ones([7, 8])
        states.setRequiresGradient(true)
        states.linearCrossEntropy(weight, targets, chunk: 2).sum.backward()
        #expect(weight.gradient == nil && states.gradient != nil)
        let value = withoutGradient {
            states.linearCrossEntropy(weight, targets, chunk: 2).sum
        }
        #expect(!value.requiresGradient)
    }

    /// One table as input and output: both gradients meet in one tensor.
    @Test func aTiedTableSumsBothGradients() {
        func gradient(isPlain: Bool) -> [Float] {
            var random = RandomSource(seed: 2)
            let table = Tensor.normal([29, 8], using: &random)
            table.setRequiresGradient(true)
            let ids = Tensor([5, 5, 1, 28, 0, 2, 9] as [Int64])
            let states = isPlain ? table.indexed(0, by: ids) : table.embedding(ids)
            let loss =
                isPlain
                ? states.gelu().linear(table, nil).crossEntropySum(targets)
                : states.gelu().linearCrossEntropy(table, targets, chunk: 3).sum
            loss.backward()
            return table.gradient!.array()
        }
        #expect(worst(gradient(isPlain: true), gradient(isPlain: false)) <= 1e-5)
    }

    @Test func bernoulliHasItsShareAndDependsOnTheSeed() {
        func draw(_ seed: UInt64) -> [Float] {
            var random = RandomSource(seed: seed)
            return Tensor.bernoulli([100, 100], probability: 0.3, using: &random).array()
        }
        let mean = draw(1).reduce(0, +) / 10_000
        #expect(abs(mean - 0.3) < 0.02)
        #expect(draw(1) == draw(1))
        #expect(draw(1) != draw(2))
    }
}
