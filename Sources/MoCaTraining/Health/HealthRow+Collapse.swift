// Detects collapse: the embeddings of a task have become nearly equal.

import MoCaRunLog

extension HealthRow {
    /// The mean cosine above which vectors no longer distinguish their contents.
    private static let collapseCosine = 0.98
    /// The effective rank below which vectors are nearly collinear.
    private static let collapseRank = 1.5
    /// The minimum number of queries; with fewer, similar vectors may be chance.
    private static let collapseQueryCount = 8

    /// The reason why the vectors have collapsed; nil when they have not.
    var collapse: String? {
        guard queries >= Self.collapseQueryCount else { return nil }
        for (name, cosine) in [("queries", queryCosine), ("documents", documentCosine)] {
            if let cosine, cosine > Self.collapseCosine {
                return "\(name) of \(task) have a mean cosine of \(Self.short(cosine)), above "
                    + Self.short(Self.collapseCosine)
            }
        }
        if let effectiveRank, effectiveRank < Self.collapseRank {
            return "vectors of \(task) use \(Self.short(effectiveRank)) directions, fewer than "
                + Self.short(Self.collapseRank)
        }
        return nil
    }

    private static func short(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }
}
