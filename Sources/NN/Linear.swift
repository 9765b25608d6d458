// Affine layers.

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
