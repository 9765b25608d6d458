// Feed-forward layers and their activations.

public import Torch

/// An element-wise activation, by its name in `config.json`.
public enum Activation: String, Sendable, Hashable {
    /// GELU by the error function.
    case gelu
    /// GELU by the tanh approximation.
    case geluTanh = "gelu_pytorch_tanh"
    /// The sigmoid approximation of GELU, `x * sigmoid(1.702 x)`.
    case quickGelu = "quick_gelu"

    /// Applies the activation.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .gelu: x.gelu()
        case .geluTanh: x.gelu(usesTanh: true)
        case .quickGelu: x * (x * 1.702).sigmoid()
        }
    }
}

/// A feed-forward layer of two projections: `second(activation(first(x)))`.
public struct MLP: Sendable {
    /// The first projection, `width` to `intermediate`.
    public let first: Linear
    /// The second projection, `intermediate` to `output`.
    public let second: Linear
    /// The activation between them.
    public let activation: Activation

    /// Requests both projections from the store. `branches` counts the layers that add to the same
    /// residual stream as this one; nil for a layer outside of one.
    public init(
        first: ParameterPath, second: ParameterPath, width: Int, intermediate: Int, output: Int,
        activation: Activation, branches: Int? = nil
    ) {
        self.first = Linear(first, from: width, to: intermediate)
        self.second = Linear(second, from: intermediate, to: output, branches: branches)
        self.activation = activation
    }

    /// Applies the layer: `[..., width]` -> `[..., output]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        second(activation(first(x)))
    }
}

/// A SwiGLU feed-forward layer (Shazeer 2020): `down(silu(gate(x)) * up(x))`.
public struct GatedMLP: Sendable {
    /// The projections to `intermediate` numbers each.
    private enum Inputs: Sendable {
        case separate(gate: Linear, up: Linear)
        /// One projection, whose first half is the gate (Phi-3).
        case fused(Linear)
    }

    private let inputs: Inputs
    private let intermediate: Int
    /// The down projection, `intermediate` to `width`.
    public let downProj: Linear

    /// Requests `gate_proj`, `up_proj` and `down_proj` from the store, or `gate_up_proj` in place of
    /// the first two if `isFused`. `branches` counts the layers that add to the same residual stream
    /// as this one.
    public init(
        _ path: ParameterPath, width: Int, intermediate: Int, hasBias: Bool,
        isFused: Bool = false, branches: Int? = nil
    ) {
        func projection(_ name: String, to size: Int) -> Linear {
            Linear(path / name, from: width, to: size, hasBias: hasBias)
        }
        inputs =
            isFused
            ? .fused(projection("gate_up_proj", to: 2 * intermediate))
            : .separate(
                gate: projection("gate_proj", to: intermediate),
                up: projection("up_proj", to: intermediate))
        self.intermediate = intermediate
        downProj = Linear(
            path / "down_proj", from: intermediate, to: width, hasBias: hasBias,
            branches: branches)
    }

    /// Applies the layer: `[..., width]` -> `[..., width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch inputs {
        case .separate(let gate, let up):
            return downProj(gate(x).siluMultiplied(up(x)))
        case .fused(let linear):
            let both = linear(x)
            let axis = both.rank - 1
            let gate = both.narrowed(axis, 0..<intermediate)
            let up = both.narrowed(axis, intermediate..<2 * intermediate)
            return downProj(gate.siluMultiplied(up))
        }
    }
}
