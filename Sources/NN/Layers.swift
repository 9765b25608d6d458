// The layers that backbones are made of.

public import Torch

/// `x weight^T + bias`: `[..., in]` -> `[..., out]`.
public struct Linear: Sendable {
    /// How a layer stores its weight `[out, in]`.
    ///
    /// A quantised storage is another case. It must give `x weight^T` in the type of `x` for every
    /// floating-point `x`, with sums in float32 or wider; it needs no gradient of its own, but must
    /// pass the gradient of `x` on, for an adapter is trained beside a weight that is frozen. Its
    /// tensors are asked for by path, as the dense weight is, so that one walk still loads, counts and
    /// saves a model.
    public enum Weight: Sendable {
        /// One tensor in the type of the computation.
        case dense(Tensor)
    }

    /// `[out, in]`
    public let weight: Weight
    /// `[out]`
    public let bias: Tensor?
    /// A trained change of the weight; nil where it is merged into it, or there is none.
    public let adapter: LowRankAdapter?

    /// Asks the store for `weight` `[output, input]` and, with `hasBias`, `bias` `[output]`.
    /// `branches` counts the layers that add to one residual stream; nil for a layer inside a
    /// branch.
    public init(
        _ path: ParameterPath, from input: Int, to output: Int, hasBias: Bool = true,
        branches: Int? = nil
    ) {
        let role = branches.map { ParameterRole.residual(fanIn: input, branches: $0) }
        let (dense, adapter) = path.adaptedWeight([output, input], role ?? .linear(fanIn: input))
        weight = .dense(dense)
        self.adapter = adapter
        bias = hasBias ? path.parameter("bias", [output], .bias) : nil
    }

    /// `[..., input]` -> `[..., output]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch weight {
        case .dense(let weight):
            guard let adapter else { return x.linear(weight, bias) }
            return adapter(x, weight, bias)
        }
    }
}

/// Root mean square norm (Zhang, Sennrich 2019): float32 inside, rounded to the input's type, then
/// times the weight in that type.
public struct RMSNorm: Sendable {
    /// `[width]`
    public let weight: Tensor
    /// Added to the mean of squares.
    public let epsilon: Double

    /// Asks `path` for the weight.
    public init(_ path: ParameterPath, width: Int, epsilon: Double) {
        weight = path.parameter("weight", [width], .scale)
        self.epsilon = epsilon
    }

    /// `[..., width]` -> `[..., width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.rmsNorm(weight, epsilon: epsilon)
    }
}

/// Token ids `[T]` -> vectors `[T, width]`.
public struct TokenEmbedding: Sendable {
    /// `[rows, width]`
    public let weight: Tensor

    /// Asks `path` for the table.
    public init(_ path: ParameterPath, rows: Int, width: Int) {
        weight = path.parameter("weight", [rows, width], .embedding)
    }

    /// `[T]` -> `[T, width]`.
    public func callAsFunction(_ ids: Tensor) -> Tensor {
        weight.embedding(ids)
    }
}

/// A SwiGLU feed-forward layer (Shazeer 2020): `down(silu(gate(x)) * up(x))`.
public struct GatedMLP: Sendable {
    /// What decides how much passes.
    public let gateProj: Linear
    /// What passes.
    public let upProj: Linear
    /// The way back to `width`.
    public let downProj: Linear

    /// Asks the store for `gate_proj`, `up_proj` and `down_proj`. `branches` counts the layers that
    /// add to the residual stream that this one adds to.
    public init(
        _ path: ParameterPath, width: Int, intermediate: Int, hasBias: Bool, branches: Int? = nil
    ) {
        gateProj = Linear(path / "gate_proj", from: width, to: intermediate, hasBias: hasBias)
        upProj = Linear(path / "up_proj", from: width, to: intermediate, hasBias: hasBias)
        downProj = Linear(
            path / "down_proj", from: intermediate, to: width, hasBias: hasBias,
            branches: branches)
    }

    /// `[..., width]` -> `[..., width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        downProj(gateProj(x).siluMultiplied(upProj(x)))
    }
}
