// How far two ways of computing one similarity may be apart.

/// A bound on the difference between two summation orders of one float32 dot product, or of one sum
/// of greatest dot products.
///
/// In any summation order, with or without fused multiply-adds, the sum is within g |x| |y| of the
/// true product, g = D u / (1 - D u), u = 2^-24 (Higham, Accuracy and Stability of Numerical
/// Algorithms, 2nd ed., eq. 3.5, and Cauchy-Schwarz); two sums are within twice that. Underflow
/// adds at most the smallest normal number per product, also where subnormal numbers are flushed to
/// zero. Half-precision modes of matrix products (TF32, bfloat16) do not satisfy this bound;
/// libtorch leaves them off by default.
///
/// Maxima differ by no more than their elements. Their sum over n vectors x_i of a query adds n - 1
/// roundings, so that it is within the same bound with D + n - 1 for D and |x_1| + ... + |x_n| for
/// |x| (Higham, lemma 3.3).
struct RoundingBound {
    /// The maximum difference of the sums.
    let slack: Double
    /// Whether no partial sum can overflow.
    let isSafe: Bool
    /// Whether all components are finite.
    let isFinite: Bool

    /// - Parameters:
    ///   - lengths: the product of the lengths of the two vectors; with several vectors, the sum of
    ///     the query's lengths times the greatest length of the documents' vectors.
    ///   - vectorCount: the number of vectors of the query, n.
    init(width: Int, lengths: Double, vectorCount: Int = 1) {
        let unit = Double(width + vectorCount - 1) * 0x1p-24
        // The lengths themselves are rounded, in double precision.
        let product = lengths * 1.000_001
        slack = 2 * unit / (1 - unit) * product + Double(width * vectorCount) * 0x1p-125
        isSafe = unit < 0.5 && product < 0x1p126
        isFinite = lengths.isFinite
    }
}
