// Measures how far the vectors of the same inputs moved between two checkpoints, and whether
// neighbours stayed neighbours.

import MoCaVectors

/// A comparison of the vectors that two models give one list of inputs.
package struct Drift: Sendable, Hashable, Codable {
    /// The drift of one input.
    package struct Moved: Sendable, Hashable, Codable {
        package let id: String
        /// The cosine of the two vectors; nil if they have different lengths.
        package let cosine: Double?
        /// The fraction of its nearest inputs by A that are also among its nearest by B.
        package let overlap: Double
        /// The rank by B, from 1, of the input that is nearest by A.
        package let rankOfNearest: Int

        private enum CodingKeys: String, CodingKey {
            case id, cosine, overlap
            case rankOfNearest = "rank_of_nearest"
        }
    }

    /// The spread of a value over the inputs.
    package struct Spread: Sendable, Hashable, Codable {
        package let mean: Double
        package let least: Double
        /// The 5th percentile.
        package let fifthPercentile: Double

        private enum CodingKeys: String, CodingKey {
            case mean
            case least = "min"
            case fifthPercentile = "p5"
        }

        init(_ values: [Double]) {
            let sorted = values.sorted()
            mean = values.reduce(0, +) / Double(values.count)
            least = sorted[0]
            fifthPercentile = sorted[Int(0.05 * Double(sorted.count - 1))]
        }
    }

    package let count: Int
    /// The number of nearest neighbours compared per input.
    package let neighbours: Int
    /// The cosines; nil if the two models have vectors of different lengths.
    package let cosine: Spread?
    package let overlap: Spread
    /// The fraction of inputs whose nearest input changed.
    package let nearestChanged: Double
    /// The inputs that moved most, by overlap, then by cosine.
    package let moved: [Moved]

    private enum CodingKeys: String, CodingKey {
        case count, neighbours, cosine, overlap, moved
        case nearestChanged = "nearest_changed"
    }

    /// Compares unit vectors `[n, width]`; the two widths may differ.
    ///
    /// - Parameters:
    ///   - neighbours: how many nearest inputs are compared.
    ///   - listedCount: how many inputs `moved` lists.
    /// - Throws: `EvaluationError.tooFewInputs`, `.notFinite`.
    package init(
        ids: [String], a: [[Float]], b: [[Float]], neighbours: Int = 10, listedCount: Int = 10
    ) throws {
        precondition(ids.count == a.count && a.count == b.count, "a vector an input")
        guard ids.count > 1 else { throw EvaluationError.tooFewInputs(count: ids.count) }
        let kept = min(neighbours, ids.count - 1)
        let isSameWidth = a[0].count == b[0].count
        let both = [VectorMatrix(rows: a), VectorMatrix(rows: b)]
        let all = try ids.indices.map { index -> Moved in
            let ranking = try both.map { try Self.ranking($0, of: index, ids) }
            let shared = Set(ranking[0].prefix(kept)).intersection(ranking[1].prefix(kept))
            return Moved(
                id: ids[index],
                cosine: isSameWidth ? Double(VectorMatrix.dot(a[index], b[index])) : nil,
                overlap: Double(shared.count) / Double(kept),
                rankOfNearest: (ranking[1].firstIndex(of: ranking[0][0]) ?? 0) + 1)
        }
        count = ids.count
        self.neighbours = kept
        cosine = isSameWidth ? Spread(all.compactMap(\.cosine)) : nil
        overlap = Spread(all.map(\.overlap))
        nearestChanged = Double(all.count { $0.rankOfNearest > 1 }) / Double(all.count)
        let order = all.indices.sorted {
            (all[$0].overlap, all[$0].cosine ?? 0, $0) < (all[$1].overlap, all[$1].cosine ?? 0, $1)
        }
        moved = order.prefix(listedCount).map { all[$0] }
    }

    /// The indices of the other inputs, nearest first; ties keep the order of the list.
    private static func ranking(
        _ vectors: VectorMatrix, of index: Int, _ ids: [String]
    ) throws -> [Int] {
        let scores = vectors.scores(of: index, with: Array(ids.indices))
        if let bad = scores.firstIndex(where: { !$0.isFinite }) {
            throw EvaluationError.notFinite(query: ids[index], candidate: ids[bad])
        }
        return ids.indices.filter { $0 != index }.sorted {
            scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
        }
    }
}
