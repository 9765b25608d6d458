// How far a checkpoint's vectors of the same inputs moved from another's, and whether neighbours
// stayed neighbours.

import MoCaVectors

/// The vectors of two models on one list of inputs, compared.
package struct Drift: Sendable, Hashable, Codable {
    /// One input.
    package struct Moved: Sendable, Hashable, Codable {
        package let id: String
        /// The cosine of the two vectors; nil if they have different lengths.
        package let cosine: Double?
        /// The share of its nearest inputs by A that are its nearest by B too.
        package let overlap: Double
        /// Where B ranks the input that is nearest by A, from 1.
        package let rankOfNearest: Int

        private enum CodingKeys: String, CodingKey {
            case id, cosine, overlap
            case rankOfNearest = "rank_of_nearest"
        }
    }

    /// Spread of a figure over the inputs.
    package struct Spread: Sendable, Hashable, Codable {
        package let mean: Double
        package let least: Double
        /// The value that 5 % of the inputs are below.
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
    /// How many neighbours of an input are looked at.
    package let neighbours: Int
    /// nil where the two models have vectors of different lengths.
    package let cosine: Spread?
    package let overlap: Spread
    /// The share of inputs whose nearest input is another one.
    package let nearestChanged: Double
    /// The inputs that moved most: by overlap, then by cosine.
    package let moved: [Moved]

    private enum CodingKeys: String, CodingKey {
        case count, neighbours, cosine, overlap, moved
        case nearestChanged = "nearest_changed"
    }

    /// Compares unit vectors `[n, width]`; the two widths may differ.
    ///
    /// - Parameters:
    ///   - neighbours: how many nearest inputs are compared.
    ///   - listedCount: how many inputs `moved` has.
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

    /// The other inputs, the nearest first; equal ones in the order of the list.
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
