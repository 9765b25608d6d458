// The norms of backbones.

public import Torch

/// A layer that normalises the last axis: `[..., width]` -> `[..., width]`.
public protocol Norm: Sendable {
    /// Applies the norm.
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// Root mean square norm (Zhang, Sennrich 2019): computed in float32, rounded to the input's type,
/// then multiplied by the weight in that type.
public struct RMSNorm: Norm {
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

/// Layer norm (Ba, Kiros, Hinton 2016), with a weight and a bias.
public struct LayerNorm: Norm {
    /// The weight `[width]`.
    public let weight: Tensor
    /// The bias `[width]`.
    public let bias: Tensor
    /// Added to the variance.
    public let epsilon: Double

    /// Requests weight and bias from `path`.
    public init(_ path: ParameterPath, width: Int, epsilon: Double) {
        weight = path.parameter("weight", [width], .scale)
        bias = path.parameter("bias", [width], .bias)
        self.epsilon = epsilon
    }

    /// Applies the norm: `[..., width]` -> `[..., width]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNorm(weight, bias, epsilon: epsilon)
    }
}
