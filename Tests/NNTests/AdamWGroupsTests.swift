import MoCaCore
import MoCaTestSupport
import Testing
import Torch

@testable import NN

@Suite struct AdamWGroupsTests {
    private func parameters(
        _ golden: GoldenFile, dtype: DType = .float32
    ) throws -> [(key: String, tensor: Tensor)] {
        try ["a", "b", "c"].map { key in
            let tensor = try golden.tensor("start.\(key)").to(dtype)
            tensor.setRequiresGradient(true)
            return (key, tensor)
        }
    }

    private var settings: AdamW.Settings {
        var settings = AdamW.Settings(weightDecay: 0.1)
        settings.groups = [
            .init(match: KeyPattern("^a")!, learningRateScale: 0.1, weightDecay: 0),
            .init(match: KeyPattern("b$")!, learningRateScale: 2),
            .init(match: KeyPattern("[ab]")!, learningRateScale: 100),
        ]
        settings.averageDecay = 0.9
        return settings
    }

    private func step(_ optimizer: AdamW, _ parameters: [(key: String, tensor: Tensor)]) {
        optimizer.clearGradients()
        parameters.map { ($0.tensor.power(4)).sum() }.reduce(Tensor(0), +).backward()
        optimizer.step(learningRate: 0.01)
    }

    /// The first group that matches counts; weights and their average are those of PyTorch.
    @Test func groupsAndAverageAreThoseOfPyTorch() throws {
        let golden = try GoldenFile("optimizer.safetensors")
        let parameters = try parameters(golden)
        let optimizer = AdamW(parameters, settings: settings)
        for _ in 0..<5 { step(optimizer, parameters) }
        let state = Dictionary(
            uniqueKeysWithValues: optimizer.stateTensors.map { ($0.name, $0.tensor) })
        for (key, tensor) in parameters {
            #expect(largestDifference(tensor, try golden.tensor("end.\(key)")) <= 1e-6)
            let average = try golden.tensor("average.\(key)")
            #expect(largestDifference(state["\(key).average"], average) <= 1e-6)
            #expect(largestDifference(tensor, average) > 1e-3)
        }
        #expect(optimizer.applyAverages())
        #expect(
            largestDifference(parameters[2].tensor, try golden.tensor("average.c")) <= 1e-6)
    }

    @Test func aPatternOfNoParameterIsNamed() {
        #expect(
            throws: ParameterError.patternUnused(
                setting: "optimizer.groups", pattern: "^a")
        ) {
            try settings.checkGroups(["b", "c"])
        }
    }

    /// bfloat16 has 8 bits: a change of a thousandth is lost without masters.
    @Test func tinyUpdatesSurviveInMasters() throws {
        func run(usesMasters: Bool, _ dtype: DType) -> [Float] {
            let tensor = Tensor.full([4], 1, dtype: dtype)
            tensor.setRequiresGradient(true)
            var settings = AdamW.Settings()
            settings.usesMasters = usesMasters
            let optimizer = AdamW([("w", tensor)], settings: settings)
            for _ in 0..<100 {
                optimizer.clearGradients()
                tensor.sum().backward()
                optimizer.step(learningRate: 1e-3)
            }
            return tensor.array()
        }
        let reference = run(usesMasters: false, .float32)
        #expect(abs(reference[0] - 0.9) < 1e-3)
        #expect(run(usesMasters: false, .bfloat16) == [1, 1, 1, 1])
        #expect(
            zip(run(usesMasters: true, .bfloat16), reference).allSatisfy { abs($0 - $1) < 4e-3 })
    }

    /// The masters follow float32 updates from the same gradients; the parameters are their copies.
    @Test func mastersFollowFloat32() throws {
        let golden = try GoldenFile("optimizer.safetensors")
        let narrow = try parameters(golden, dtype: .bfloat16)
        let wide = narrow.map { key, tensor in
            let tensor = tensor.detached().to(.float32)
            return (key: key, tensor: tensor)
        }
        var settings = settings
        settings.averageDecay = nil
        let (one, other) = (AdamW(narrow, settings: settings), AdamW(wide, settings: settings))
        for _ in 0..<5 {
            one.clearGradients()
            narrow.map { ($0.tensor.power(4)).sum() }.reduce(Tensor(0), +).backward()
            for (left, right) in zip(narrow, wide) {
                right.tensor.setGradient(left.tensor.gradient?.to(.float32))
            }
            one.step(learningRate: 0.01, gradientFactor: 0.5)
            for (_, tensor) in wide { tensor.setGradient(tensor.gradient.map { $0 * 0.5 }) }
            other.step(learningRate: 0.01)
        }
        let state = Dictionary(uniqueKeysWithValues: one.stateTensors.map { ($0.name, $0.tensor) })
        for (left, right) in zip(narrow, wide) {
            let master = try #require(state["\(left.key).master"])
            #expect(master.dtype == .float32)
            #expect(largestDifference(master, right.tensor) == 0)
            #expect(largestDifference(left.tensor, master.to(.bfloat16)) == 0)
        }
    }

    @Test func mastersAndAveragesContinueBitForBit() throws {
        let golden = try GoldenFile("optimizer.safetensors")
        let whole = try parameters(golden, dtype: .bfloat16)
        let first = AdamW(whole, settings: settings)
        for _ in 0..<4 { step(first, whole) }
        let part = try parameters(golden, dtype: .bfloat16)
        let before = AdamW(part, settings: settings)
        for _ in 0..<2 { step(before, part) }
        let state = Dictionary(
            uniqueKeysWithValues: before.stateTensors.map { ($0.name, $0.tensor.clone()) })
        let after = AdamW(part, settings: settings)
        try after.restore(state, file: "optimizer.safetensors")
        for _ in 0..<2 { step(after, part) }
        for (x, y) in zip(first.stateTensors, after.stateTensors) {
            #expect(x.name == y.name)
            #expect(x.tensor.array(Float.self) == y.tensor.array(Float.self), "\(x.name)")
        }
    }

    @Test func lossScaleFollowsTheRuleOfPyTorch() {
        var scale = LossScale()
        scale.update(isFinite: false)
        scale.update(isFinite: false)
        #expect(scale.factor == 16_384 && scale.skippedSteps == 2)
        for _ in 0..<1999 { scale.update(isFinite: true) }
        #expect(scale.factor == 16_384)
        scale.update(isFinite: true)
        #expect(scale.factor == 32_768 && scale.finiteSteps == 0)
        for _ in 0..<16 { scale.update(isFinite: false) }
        #expect(scale.isExhausted)
    }
}
