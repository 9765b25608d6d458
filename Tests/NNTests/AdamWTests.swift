import MoCaCore
import Testing
import Torch

@testable import NN

@Suite struct AdamWTests {
    private func parameters(_ seed: UInt64) -> [(key: String, tensor: Tensor)] {
        var random = RandomSource(seed: seed)
        return ["a", "b"].map { key in
            let tensor = Tensor.normal([5, 3], using: &random)
            tensor.setRequiresGradient(true)
            return (key, tensor)
        }
    }

    private func step(_ optimizer: AdamW, _ parameters: [(key: String, tensor: Tensor)]) {
        optimizer.clearGradients()
        parameters.map { ($0.tensor.power(4)).sum() }.reduce(Tensor(0), +).backward()
        optimizer.step(learningRate: 0.01)
    }

    @Test func whatDoesNotDecayStaysWithoutGradient() {
        let all = parameters(2)
        let before = all.map { $0.tensor.array(Float.self) }
        let optimizer = AdamW(all, settings: .init(weightDecay: 0.5), undecayed: ["b"])
        for (_, tensor) in all { tensor.setGradient(.zeros([5, 3])) }
        optimizer.step(learningRate: 0.1)
        #expect(all[0].tensor.array(Float.self) == before[0].map { $0 * 0.95 })
        #expect(all[1].tensor.array(Float.self) == before[1])
    }

    /// Its group's rate counts for a parameter that does not decay; its group's decay does not.
    @Test func whatDoesNotDecayHasTheRateOfItsGroup() {
        var settings = AdamW.Settings(weightDecay: 0.5)
        settings.groups = [
            .init(match: KeyPattern("b")!, learningRateScale: 0.1, weightDecay: 3)
        ]
        func change(_ settings: AdamW.Settings, undecayed: Set<String>) -> [Float] {
            let all = parameters(2)
            let before: [Float] = all[1].tensor.array()
            let optimizer = AdamW(all, settings: settings, undecayed: undecayed)
            for (_, tensor) in all { tensor.setGradient(.ones([5, 3])) }
            optimizer.step(learningRate: 0.1)
            return zip(all[1].tensor.array(Float.self), before).map { $0 - $1 }
        }
        // The first update of Adam is the rate.
        #expect(change(settings, undecayed: ["b"]).allSatisfy { abs($0 + 0.01) < 1e-6 })
        #expect(change(settings, undecayed: []).contains { abs($0 + 0.01) > 1e-3 })
    }

    /// Averages are lent: the parameters are back bit for bit, whatever happened meanwhile.
    @Test(arguments: [DType.float32, .bfloat16])
    func averagesAreLent(dtype: DType) throws {
        struct Failure: Error {}
        let all = parameters(3).map { key, tensor in
            let own = tensor.detached().to(dtype)
            own.setRequiresGradient(true)
            return (key: key, tensor: own)
        }
        var settings = AdamW.Settings()
        settings.averageDecay = 0.5
        let optimizer = AdamW(all, settings: settings)
        func values() -> [[Float]] { all.map { $0.tensor.detached().to(.float32).array() } }
        // Nothing to lend yet.
        let start = values()
        try optimizer.withAverages { #expect(values() == start) }
        for _ in 0..<4 { step(optimizer, all) }
        let state = optimizer.stateTensors.map { $0.tensor.array(Float.self) }
        let raw = values()
        let averages = optimizer.stateTensors.filter { $0.name.hasSuffix(".average") }
            .map { $0.tensor.to(dtype).to(.float32).array(Float.self) }
        #expect(throws: Failure.self) {
            try optimizer.withAverages {
                #expect(values() == averages)
                #expect(values() != raw)
                throw Failure()
            }
        }
        #expect(values() == raw)
        #expect(optimizer.stateTensors.map { $0.tensor.array(Float.self) } == state)
    }

    @Test func restoredStateContinuesBitForBit() throws {
        let whole = parameters(1)
        let first = AdamW(whole, settings: .init(weightDecay: 0.1))
        for _ in 0..<4 { step(first, whole) }

        let part = parameters(1)
        let before = AdamW(part, settings: .init(weightDecay: 0.1))
        for _ in 0..<2 { step(before, part) }
        let state = Dictionary(
            uniqueKeysWithValues: before.stateTensors.map { ($0.name, $0.tensor.clone()) })
        let after = AdamW(part, settings: .init(weightDecay: 0.1))
        try after.restore(state, file: "optimizer.safetensors")
        for _ in 0..<2 { step(after, part) }
        for (x, y) in zip(whole, part) {
            #expect(x.tensor.array(Float.self) == y.tensor.array(Float.self))
        }
    }

    @Test func parametersWithoutGradientStay() {
        let parameters = parameters(2)
        let before: [Float] = parameters[1].tensor.array()
        let optimizer = AdamW(parameters, settings: .init(weightDecay: 0.1))
        parameters[0].tensor.sum().backward()
        optimizer.step(learningRate: 0.1)
        #expect(parameters[1].tensor.array(Float.self) == before)
        #expect(optimizer.stateTensors.map(\.name) == ["a.exp_avg", "a.exp_avg_sq", "a.step"])
    }

    @Test func foreignStateIsRefused() {
        let optimizer = AdamW(parameters(3), settings: .init())
        #expect(throws: ParameterError.self) {
            try optimizer.restore(["a.exp_avg": .zeros([5, 3])], file: "f")
        }
        #expect(throws: ParameterError.self) {
            try optimizer.restore(["other.step": .zeros([])], file: "f")
        }
    }

    @Test func clippingScalesToTheLimit() {
        let parameters = parameters(4).map(\.tensor)
        for tensor in parameters { (tensor * 10).sum().backward() }
        let norm = GradientClipping.totalNorm(parameters)
        #expect(abs(norm - (30.0 * 100).squareRoot()) < 1e-3)
        GradientClipping.clip(parameters, norm: norm, maxNorm: 5)
        #expect(abs(GradientClipping.totalNorm(parameters) - 5) < 1e-4)
        GradientClipping.clip(parameters, norm: 5, maxNorm: 6)
        #expect(abs(GradientClipping.totalNorm(parameters) - 5) < 1e-4)
    }

    /// Summed in float32, the norm of this many equal numbers is a thousandth too small.
    @Test func normOfALargeGradientKeepsItsDigits() {
        let store = ParameterStore(seed: 1, scheme: .fixed(deviation: 0), isTrainable: true)
        let count = 20_000_000
        let large = (store.root / "large").parameter("weight", [count], .bias)
        (large * 0.1).sum().backward()
        let norm = GradientClipping.totalNorm([large])
        #expect(abs(norm / (0.01 * Double(count)).squareRoot() - 1) < 1e-6)
    }

    @Test func memoryIsFlatOverTwoHundredSteps() {
        let parameters = parameters(5)
        let optimizer = AdamW(parameters, settings: .init())
        step(optimizer, parameters)
        let before = LibTorch.liveTensorCount
        for _ in 0..<200 { step(optimizer, parameters) }
        #expect(LibTorch.liveTensorCount < before + 100)
    }
}
