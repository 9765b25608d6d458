// Measures of vectors of unit length, from the products of all pairs.
// Shapes: N vectors, D numbers.

import Foundation
package import Torch

/// What N vectors look like together.
package struct VectorMeasures: Sendable, Hashable {
    /// `log(mean over pairs of exp(-2 |x - y|^2))`: Wang & Isola 2020 (arXiv 2005.10242), eq. 6
    /// with t = 2, as `uniform_loss` of their code. Lower is more even.
    package let uniformity: Double
    /// Mean of `x . y` over pairs.
    package let meanCosine: Double

    /// - Parameter vectors: `[N, D]`, at least two.
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

    /// `x . y` of all pairs: `[N * N]`.
    private static func products(_ vectors: Tensor) -> [Double] {
        let wide = vectors.to(.cpu).to(.float64)
        return wide.matmul(wide.transposed(0, 1)).array()
    }

    /// `(sum of eigenvalues)^2 / (sum of their squares)` of the covariance (the participation
    /// ratio): 1 when all vectors lie on a line, D when they go everywhere alike; nil when all are
    /// equal.
    package static func effectiveRank(_ vectors: Tensor) -> Double? {
        let wide = vectors.to(.cpu).to(.float64)
        let count = wide.shape[0]
        guard count > 1 else { return nil }
        let centred = wide - wide.mean([0], keepingAxes: true)
        // The products of N vectors have the eigenvalues of their D x D covariance, times N.
        let products: [Double] = centred.matmul(centred.transposed(0, 1)).array()
        let trace = (0..<count).reduce(0) { $0 + products[$1 * count + $1] }
        let squares = products.reduce(0) { $0 + $1 * $1 }
        guard trace / Double(count) > 1e-12 else { return nil }
        return trace * trace / squares
    }

    /// Distance of the centroids of two sets: Liang et al. 2022 (arXiv 2203.02053), section 4.2.
    package static func centroidDistance(_ first: Tensor, _ second: Tensor) -> Double {
        let gap =
            first.to(.cpu).to(.float64).mean([0]) - second.to(.cpu).to(.float64).mean([0])
        return gap.power(2).sum().item().squareRoot()
    }

    /// Mean of `|x - y|^2` over rows: Wang & Isola 2020, eq. 5 with alpha = 2.
    package static func alignment(_ queries: Tensor, _ positives: Tensor) -> Double {
        let gaps = queries.to(.cpu).to(.float64) - positives.to(.cpu).to(.float64)
        return gaps.power(2).sum([1]).mean().item()
    }
}
