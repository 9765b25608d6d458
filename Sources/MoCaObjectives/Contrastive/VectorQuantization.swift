// Vectors as they will be stored, while gradients pass as if nothing were rounded (the
// straight-through estimator: Bengio et al. 2013, arXiv 1308.3432; for integers Jacob et al. 2018,
// arXiv 1712.05877).
// Shapes: N vectors, D numbers.

import MoCaModel
import Torch

extension VectorQuantization {
    /// Unit vectors `[N, D]` as they will be read again; forward `q(x)`, backward the identity.
    ///
    /// int8: `s = max|x_i| / 127`, `q(x) = s round(x / s)` in unit length. binary: `q(x) =
    /// sign(x) / sqrt(D)`, whose products are those of Hamming distances.
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
