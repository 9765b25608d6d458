import MoCaCore
import MoCaTestSupport
import Testing
import Torch

@testable import NN

@Suite struct LowRankAdapterTests {
    /// One layer of PEFT's, in training mode, with a given dropout mask.
    @Test(arguments: ["lora", "dora"])
    func aLayerIsAsPEFTComputesIt(kind: String) throws {
        let golden = try GoldenFile("layers.safetensors")
        func leaf(_ name: String) throws -> Tensor {
            let tensor = try golden.tensor(name)
            tensor.setRequiresGradient(true)
            return tensor
        }
        let (x, weight, bias) = (
            try leaf("x"), try golden.tensor("weight"), try golden.tensor("bias")
        )
        let names = ["lora_A.weight", "lora_B.weight"]
        let (a, b) = (try leaf("\(kind).\(names[0])"), try leaf("\(kind).\(names[1])"))
        let magnitude = kind == "dora" ? try leaf("dora.lora_magnitude_vector") : nil
        let adapter = LowRankAdapter(
            loraA: a, loraB: b, magnitude: magnitude, scaling: 1.5, dropout: nil)
        let y = adapter.output(x, dropped: x * (try golden.tensor("mask")), weight, bias)
        #expect(largestDifference(y, try golden.tensor("\(kind).y")) <= 1e-5)
        (y * (try golden.tensor("upstream"))).sum().backward()
        let leaves: [(String, Tensor?)] = [
            ("x", x), (names[0], a), (names[1], b), ("lora_magnitude_vector", magnitude),
        ]
        for (name, tensor) in leaves {
            guard let tensor else { continue }
            let expected = try golden.tensor("\(kind).gradient.\(name)")
            #expect(largestDifference(tensor.gradient, expected) <= 1e-5, "\(name)")
        }
        // Control: without dropout it is another output, and equal to the merged layer's.
        let plain = adapter(x, weight, bias)
        #expect(largestDifference(plain, try golden.tensor("\(kind).y")) > 1e-2)
        let merged = x.linear(adapter.merged(into: weight), bias)
        #expect(largestDifference(plain, merged) <= 1e-5)
    }

    private func layer(_ settings: AdapterSettings, isTrainable: Bool = true) -> Linear {
        let store = ParameterStore(
            seed: 1, scheme: .fixed(deviation: 0.3), isTrainable: isTrainable,
            adapters: AdapterStore(fresh: settings, seed: 5))
        return Linear(store.root / "q_proj", from: 8, to: 6)
    }

    @Test(arguments: [false, true], AdapterSettings.Initialization.allCases)
    func aFreshAdapterChangesNothingYet(
        usesMagnitude: Bool, initialization: AdapterSettings.Initialization
    ) {
        let layer = layer(
            .init(
                rank: 4, alpha: 8, targets: .suffixes(["q_proj"]), usesMagnitude: usesMagnitude,
                initialization: initialization))
        #expect(!layer.weight.dense.requiresGradient)
        #expect(layer.adapter?.loraA.requiresGradient == true)
        var random = RandomSource(seed: 3)
        let x = Tensor.normal([5, 8], using: &random)
        #expect(largestDifference(layer(x), x.linear(layer.weight.dense, layer.bias)) <= 1e-6)
        let values: [Float] = layer.adapter!.loraA.array()
        let bound: Float = initialization == .gaussian ? 1 : 1 / Float(8).squareRoot()
        #expect(Set(values).count == 32)
        #expect(values.allSatisfy { abs($0) <= bound })
        #expect((values.map(abs).max() ?? 0) > bound / 3)
    }

    @Test func modulesAreMatchedAsPEFTMatchesThem() throws {
        let suffixes = AdapterSettings.Targets.suffixes(["down_proj", "visual.merger.mlp.0"])
        #expect(suffixes.contain("visual.blocks.3.mlp.down_proj"))
        #expect(suffixes.contain("visual.merger.mlp.0"))
        #expect(!suffixes.contain("model.layers.0.mlp.other_down_proj"))
        let pattern = AdapterSettings.Targets.pattern(
            try #require(KeyPattern(#"model\.layers\.\d+\.self_attn\.[qk]_proj"#)))
        #expect(pattern.contain("model.layers.11.self_attn.k_proj"))
        #expect(!pattern.contain("model.layers.11.self_attn.k_proj.x"))
        #expect(KeyPattern("(") == nil)
    }

    @Test func dropoutDependsOnThePlaceAlone() throws {
        let store = ParameterStore(
            seed: 1, scheme: .fixed(deviation: 0.3), isTrainable: true,
            adapters: AdapterStore(
                fresh: .init(rank: 4, alpha: 8, dropout: 0.5, targets: .suffixes(["q_proj"])),
                seed: 5))
        let layer = Linear(store.root / "q_proj", from: 8, to: 6)
        var random = RandomSource(seed: 3)
        layer.adapter!.loraB.assign(.normal([6, 4], using: &random))
        let x = Tensor.normal([50, 8], using: &random)
        func output(_ step: Int?, _ part: Int) -> [Float] {
            store.context.place = step.map { .init(step: $0, part: part) }
            return withoutGradient { layer(x).array() }
        }
        let first = output(3, 1)
        #expect(output(4, 1) != first)
        #expect(output(3, 0) != first)
        #expect(output(nil, 0) != first)
        #expect(output(3, 1) == first)
        #expect(output(nil, 0) == output(nil, 7))
    }

    /// Layers that are computed again during backward, after the run went on to the next part.
    @Test func aRecomputedSegmentDropsTheSameNumbers() throws {
        func gradient(replays: Bool, isRecomputed: Bool) -> [Float] {
            let store = ParameterStore(
                seed: 1, scheme: .fixed(deviation: 0.3), isTrainable: true,
                adapters: AdapterStore(
                    fresh: .init(rank: 4, alpha: 8, dropout: 0.5, targets: .suffixes(["q"])),
                    seed: 5))
            let layer = Linear(store.root / "q", from: 8, to: 6)
            var random = RandomSource(seed: 3)
            let x = Tensor.normal([50, 8], using: &random)
            store.context.place = .init(step: 2)
            let segment: ([Tensor]) -> Tensor = { layer($0[0]).gelu() }
            let y =
                !isRecomputed
                ? segment([x])
                : recomputed([x], replays ? store.context.replaying(segment) : segment)
            store.context.begin(part: 1)
            y.sum().backward()
            #expect(store.context.place == .init(step: 2, part: 1))
            return layer.adapter!.loraB.gradient!.array()
        }
        let plain = gradient(replays: false, isRecomputed: false)
        let again = gradient(replays: true, isRecomputed: true)
        #expect(zip(plain, again).allSatisfy { abs($0 - $1) <= 1e-5 })
        // Control: without the place it drops others.
        let other = gradient(replays: false, isRecomputed: true)
        #expect(zip(plain, other).contains { abs($0 - $1) > 1e-3 })
    }

    @Test func errorsNameWhatDoesNotFit() {
        #expect(throws: ParameterError.self) {
            try AdapterStore(
                fresh: .init(targets: .suffixes(["nowhere"])), seed: 0
            ).finish()
        }
        let mismatch = ParameterError.adapterMismatch(
            file: "a", missing: ["m"], misshapen: ["s is [1], not [2]"], unknown: ["u"])
        #expect(
            mismatch.oneLine == "adapter does not fit the model (a): 1 missing: m; 1 misshapen: "
                + "s is [1], not [2]; 1 unknown: u; give the model that the adapter was trained on "
                + "(base_model_name_or_path of its adapter_config.json)")
        let unused = ParameterError.patternUnused(setting: "model.freeze", pattern: "x")
        #expect(
            unused.oneLine
                == "pattern is of no use (model.freeze): 'x' is in no name of this model; "
                + "correct it; moca model info lists a model's parts")
        #expect(unused.kind == .badConfiguration && mismatch.kind == .badData)
    }
}

extension Linear.Weight {
    /// The tensor of a dense weight.
    var dense: Tensor {
        switch self {
        case .dense(let tensor): tensor
        }
    }
}
