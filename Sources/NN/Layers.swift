// The layers that backbones are made of.

public import Torch

/// `x weight^T + bias`: `[..., in]` -> `[..., out]`.
public struct Linear: Sendable {
    /// The storage of a layer's weight `[out, in]`.
    ///
    /// A quantised storage is another case. It must give `x weight^T` in the type of `x` for every
    /// floating-point `x`, with sums in float32 or wider. It needs no gradient of its own, but must
    /// propagate the gradient of `x`, because an adapter is trained beside a frozen weight. Its
    /// tensors are requested by path, as the dense weight is, so that one walk still loads, counts
    /// and saves a model.
    public enum Weight: Sendable {
        /// One tensor in the type of the computation.
        case dense(Tensor)
    }

    /// The weight `[out, in]`.
    public let weight: Weight
    /// The bias `[out]`.
    public let bias: Tensor?
    /// A trained low-rank change of the weight; nil if there is none or it is merged into the
    /// weight.
    public let adapter: LowRankAdapter?

    /// Requests `weight` `[output, input]` and, with `hasBias`, `bias` `[output]` from the store.
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

    /// Applies the layer: `[..., input]` -> `[..., output]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch weight {
        case .dense(let weight):
            guard let adapter else { return x.linear(weight, bias) }
            return adapter(x, weight, bias)
        }
    }
}

/// Root mean square norm (Zhang, Sennrich 2019): computed in float32, rounded to the input's type,
/// then multiplied by the weight in that type.
public struct RMSNorm: Sendable {
    /// The weight `[width]`.
    public let weight: Tensor
    /// Added to the mean of squares.
    public let epsilon: Double

    /// Requests the weight from `path`.
    public init(_ path: ParameterPath, width: Int, epsilon: Double) {
        weight = path.parameter("weight", [width], .scale)
        self.epsilon = epsilon
    }

    /// Applies the norm: `[..., width]` -> `[..., width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.rmsNorm(weight, epsilon: epsilon)
    }
}

/// An embedding table: token ids `[T]` -> vectors `[T, width]`.
public struct TokenEmbedding: Sendable {
    /// The table `[rows, width]`.
    public let weight: Tensor

    /// Requests the table from `path`.
    public init(_ path: ParameterPath, rows: Int, width: Int) {
        weight = path.parameter("weight", [rows, width], .embedding)
    }

    /// Looks up token ids: `[T]` -> `[T, width]`.
    public func callAsFunction(_ ids: Tensor) -> Tensor {
        weight.embedding(ids)
    }
}

/// A SwiGLU feed-forward layer (Shazeer 2020): `down(silu(gate(x)) * up(x))`.
public struct GatedMLP: Sendable {
    /// The gate projection, `width` to `intermediate`.
    public let gateProj: Linear
    /// The up projection, `width` to `intermediate`.
    public let upProj: Linear
    /// The down projection, `intermediate` to `width`.
    public let downProj: Linear

    /// Requests `gate_proj`, `up_proj` and `down_proj` from the store. `branches` counts the layers
    /// that add to the same residual stream as this one.
    public init(
        _ path: ParameterPath, width: Int, intermediate: Int, hasBias: Bool, branches: Int? = nil
    ) {
        gateProj = Linear(path / "gate_proj", from: width, to: intermediate, hasBias: hasBias)
        upProj = Linear(path / "up_proj", from: width, to: intermediate, hasBias: hasBias)
        downProj = Linear(
            path / "down_proj", from: intermediate, to: width, hasBias: hasBias,
            branches: branches)
    }

    /// Applies the layer: `[..., width]` -> `[..., width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        downProj(gateProj(x).siluMultiplied(upProj(x)))
    }
}
