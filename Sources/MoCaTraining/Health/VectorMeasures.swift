// Measures of unit vectors, computed from the dot products of all pairs.
// Shapes: N vectors, D components.

import Foundation
package import Torch

/// Statistics over all pairs of a set of unit vectors.
package struct VectorMeasures: Sendable, Hashable {
    /// `log(mean over pairs of exp(-2 |x - y|^2))`: Wang & Isola 2020 (arXiv 2005.10242), eq. 6
    /// with t = 2, as `uniform_loss` of their code. Lower is more uniform.
    package let uniformity: Double
    /// The mean of `x . y` over pairs.
    package let meanCosine: Double

    /// Computes the measures.
    ///
    /// - Parameter vectors: `[N, D]`, N at least 2.
    package init(_ vectors: Tensor) {
        let count = vectors.shape[0]
        precondition(count > 1, "pairs need two vectors")
        let products = Self.products(vectors)
        var (potential, cosines) = (0.0, 0.0)
        for first in 0..<count {
            for second in first + 1..<count {
                let product = products[first * count + second]
                let squares = products[first * count + first] + products[second * count + second]
                potential += exp(-2 * max(0, squares - 2 * product))
                cosines += product
            }
        }
        let pairs = Double(count * (count - 1) / 2)
        uniformity = log(potential / pairs)
        meanCosine = cosines / pairs
    }

    /// Returns `x . y` of all pairs: `[N * N]`.
    private static func products(_ vectors: Tensor) -> [Double] {
        let wide = vectors.to(.cpu).to(.float64)
        return wide.matmul(wide.transposed(0, 1)).array()
    }

    /// Returns `(sum of eigenvalues)^2 / (sum of their squares)` of the covariance (the
    /// participation ratio): 1 when all vectors lie on a line, D when they are isotropic; nil when
    /// all are equal.
    package static func effectiveRank(_ vectors: Tensor) -> Double? {
        let wide = vectors.to(.cpu).to(.float64)
        let count = wide.shape[0]
        guard count > 1 else { return nil }
        let centred = wide - wide.mean([0], keepingAxes: true)
        // The N x N matrix of products has the eigenvalues of the D x D covariance, times N.
        let products: [Double] = centred.matmul(centred.transposed(0, 1)).array()
        let trace = (0..<count).reduce(0) { $0 + products[$1 * count + $1] }
        let squares = products.reduce(0) { $0 + $1 * $1 }
        guard trace / Double(count) > 1e-12 else { return nil }
        return trace * trace / squares
    }

    /// Returns the distance between the centroids of two sets: Liang et al. 2022
    /// (arXiv 2203.02053), section 4.2.
    package static func centroidDistance(_ first: Tensor, _ second: Tensor) -> Double {
        let gap =
            first.to(.cpu).to(.float64).mean([0]) - second.to(.cpu).to(.float64).mean([0])
        return gap.power(2).sum().item().squareRoot()
    }

    /// Returns the mean of `|x - y|^2` over rows: Wang & Isola 2020, eq. 5 with alpha = 2.
    package static func alignment(_ queries: Tensor, _ positives: Tensor) -> Double {
        let gaps = queries.to(.cpu).to(.float64) - positives.to(.cpu).to(.float64)
        return gaps.power(2).sum([1]).mean().item()
    }
}
