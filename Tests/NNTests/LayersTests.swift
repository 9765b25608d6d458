import Foundation
import NN
import Testing
import Torch

/// Norms and activations against their formulas, in double precision.
@Suite struct LayersTests {
    private let values: [Float] = [-3, -1, -0.25, 0, 0.5, 2]

    @Test(arguments: [Activation.gelu, .geluTanh, .quickGelu])
    func activationsAreTheirFormulas(_ activation: Activation) {
        let found: [Float] = activation(Tensor(values, on: .cpu)).array()
        for (x, y) in zip(values.map(Double.init), found) {
            let expected =
                switch activation {
                case .gelu: x * 0.5 * (1 + erf(x / 2.0.squareRoot()))
                case .geluTanh:
                    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
                case .quickGelu: x / (1 + exp(-1.702 * x))
                }
            #expect(abs(Double(y) - expected) < 1e-6)
        }
    }

    @Test func layerNormIsItsFormula() {
        let store = ParameterStore(seed: 1, scheme: .fixed(deviation: 0.02))
        let norm = LayerNorm(store.root / "norm", width: 6, epsilon: 1e-2)
        norm.weight.assign(Tensor([Float]([1, 2, 3, 4, 5, 6]), on: .cpu))
        norm.bias.assign(Tensor([Float]([0, 1, 0, -1, 0, 0]), on: .cpu))
        let found: [Float] = norm(Tensor(values, shape: [1, 6], on: .cpu)).array()
        let mean = values.map(Double.init).reduce(0, +) / 6
        let variance = values.reduce(0) { $0 + pow(Double($1) - mean, 2) } / 6
        for (index, x) in values.enumerated() {
            let scaled = (Double(x) - mean) / (variance + 1e-2).squareRoot() * Double(index + 1)
            #expect(abs(Double(found[index]) - scaled - [0, 1, 0, -1, 0, 0][index]) < 1e-5)
        }
    }
}
