import MoCaCore
import Testing
import Torch

@testable import NN

@Suite struct ParameterStoreTests {
    @Test func modulesAskByPathAndShape() {
        let store = ParameterStore(seed: 1, scheme: .fixed(deviation: 0.02), isTrainable: true)
        let linear = Linear(store.root / "layers" / 3 / "q_proj", from: 8, to: 4)
        #expect(
            store.declarations.map(\.key) == ["layers.3.q_proj.weight", "layers.3.q_proj.bias"])
        #expect(linear.weight.dense.shape == [4, 8])
        #expect(linear.bias!.array(Float.self) == [0, 0, 0, 0])
        #expect(linear.weight.dense.requiresGradient)
        #expect(linear(.ones([2, 8])).shape == [2, 4])
    }

    @Test func planMakesNothing() {
        let store = ParameterStore.plan()
        _ = GatedMLP(store.root / "mlp", width: 1 << 20, intermediate: 1 << 20, hasBias: false)
        #expect(store.declarations.reduce(0) { $0 + $1.count } == 3 << 40)
    }

    @Test func unitVarianceKeepsTheScaleOfWhatPasses() {
        let store = ParameterStore(seed: 4, scheme: .unitVariance(embeddingDeviation: 1))
        let linear = Linear(store.root, from: 512, to: 512)
        var random = RandomSource(seed: 1)
        let y = linear(Tensor.normal([64, 512], using: &random))
        let variance = y.power(2).mean().item()
        #expect(abs(variance - 1) < 0.1)
    }

    @Test func mismatchIsListedInShort() {
        let names = (0..<14).map { "w\($0)" }
        let error = ParameterError.mismatch(
            file: "m.safetensors", missing: names, misshapen: ["a is [1], not [2]"], unknown: [])
        #expect(
            error.oneLine
                == "weights do not fit the model (m.safetensors): 14 missing: w0, w1, w2, w3, w4, "
                + "w5, w6, w7, w8, w9, w10, w11 and 2 more; 1 misshapen: a is [1], not [2]; "
                + "check that config.json and the weights belong to the same model")
        #expect(
            ParameterError.optimizerState(file: "o", reason: "r").oneLine
                == "optimiser state does not fit the model (o): r; "
                + "resume from another checkpoint, or start anew with resume=never")
    }
}
