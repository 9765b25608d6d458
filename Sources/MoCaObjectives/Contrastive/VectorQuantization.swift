// Simulated quantisation of stored vectors with a straight-through gradient (Bengio et al. 2013,
// arXiv 1308.3432; for integers Jacob et al. 2018, arXiv 1712.05877).
// Shapes: N vectors, D components.

import MoCaModel
import Torch

extension VectorQuantization {
    /// Quantises and dequantises unit vectors `[N, D]`; forward `q(x)`, backward the identity.
    ///
    /// int8: `s = max|x_i| / 127`, `q(x) = s round(x / s)`, normalised to unit length. binary:
    /// `q(x) = sign(x) / sqrt(D)`, whose dot products are a linear function of Hamming distances.
    func callAsFunction(_ vectors: Tensor) -> Tensor {
        let exact = vectors.detached()
        let stored: Tensor
        switch self {
        case .int8:
            let magnitudes = exact * exact.sign()
            let step = (magnitudes.maximum(1, keepingAxes: true) / 127).clamped(minimum: 1e-30)
            stored = EmbeddingModel.normalize((exact / step).rounded() * step)
        case .binary:
            stored = exact.sign() / Double(exact.sizes2().1).squareRoot()
        }
        return vectors + (stored - exact)
    }
}
