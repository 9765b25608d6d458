// Clipping by the global norm.

public import Torch

/// Operations on all gradients of a model together.
public enum GradientClipping {
    /// The Euclidean norm over all gradients, in float32; 0 if there are none.
    public static func totalNorm(_ parameters: [Tensor]) -> Double {
        Torch.totalNorm(parameters.compactMap(\.gradient)).item()
    }

    /// Scales all gradients by `maxNorm / (norm + 1e-6)` if that is below 1, as PyTorch's
    /// `clip_grad_norm_` does. `norm` is the result of `totalNorm`.
    public static func clip(_ parameters: [Tensor], norm: Double, maxNorm: Double) {
        let factor = factor(norm: norm, maxNorm: maxNorm)
        guard factor < 1 else { return }
        scaleAll(parameters.compactMap(\.gradient), by: factor)
    }

    /// The factor that `clip` scales by; 1 if the norm does not exceed `maxNorm`.
    public static func factor(norm: Double, maxNorm: Double) -> Double {
        min(1, maxNorm / (norm + 1e-6))
    }
}
