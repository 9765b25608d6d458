import MoCaCore
import Testing

@testable import Torch

@Suite struct AutogradTests {
    @Test func gradientsAccumulateUntilTheyAreDropped() throws {
        let x = Tensor([1, 2, 3] as [Float])
        x.setRequiresGradient(true)
        #expect(x.gradient == nil)
        x.power(2).sum().backward()
        x.power(2).sum().backward()
        #expect(try #require(x.gradient).array(Float.self) == [4, 8, 12])
        x.setGradient(nil)
        #expect(x.gradient == nil)
    }

    @Test func nothingIsRecordedWithoutGradient() {
        let x = Tensor.ones([2])
        x.setRequiresGradient(true)
        #expect(withoutGradient { (x * 2).requiresGradient } == false)
        #expect((x * 2).requiresGradient)
        #expect(x.detached().requiresGradient == false)
    }

    /// A segment with a parameter of its own, and an input that needs a gradient too.
    private func gradients(isRecomputed: Bool) -> (loss: Double, [Float], [Float]) {
        var random = RandomSource(seed: 1)
        let weight = Tensor.normal([8, 8], using: &random)
        let x = Tensor.normal([4, 8], using: &random)
        weight.setRequiresGradient(true)
        x.setRequiresGradient(true)
        let segment: ([Tensor]) -> Tensor = { $0[0].matmul(weight).gelu().matmul(weight) }
        let y = isRecomputed ? recomputed([x], segment) : segment([x])
        let loss = recomputed([y]) { ($0[0] * weight.sum()).power(2).sum() }
        loss.backward()
        return (loss.item(), x.gradient!.array(), weight.gradient!.array())
    }

    @Test func recomputedSegmentHasTheSameGradients() {
        let plain = gradients(isRecomputed: false)
        let again = gradients(isRecomputed: true)
        #expect(plain.loss == again.loss)
        #expect(plain.1 == again.1)
        #expect(zip(plain.2, again.2).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) })
    }

    @Test func parametersGetGradientsWhenNoInputNeedsOne() throws {
        let weight = Tensor([2] as [Float])
        weight.setRequiresGradient(true)
        recomputed([Tensor([3] as [Float])]) { $0[0] * weight }.sum().backward()
        #expect(try #require(weight.gradient).item() == 3)
    }

    @Test func failureInsideARecomputedSegmentIsThrown() {
        final class Count { var calls = 0 }
        let count = Count()
        let x = Tensor.ones([2])
        x.setRequiresGradient(true)
        #expect(throws: TorchError.self) {
            try catchingTorchErrors {
                let y = recomputed([x]) { inputs in
                    count.calls += 1
                    return count.calls == 1 ? inputs[0] * 2 : inputs[0].reshaped([5])
                }
                y.sum().backward()
            }
        }
        #expect(count.calls == 2)
    }

    @Test func segmentsAreFreedWithTheGraph() {
        final class Witness {}
        weak var seen: Witness?
        do {
            let witness = Witness()
            seen = witness
            let x = Tensor.ones([2])
            x.setRequiresGradient(true)
            let y = recomputed([x]) { inputs in withExtendedLifetime(witness) { inputs[0] * 3 } }
            y.sum().backward()
        }
        #expect(seen == nil)
    }
}
