// How much of each subset goes into the stream, and the draws from it.

import MoCaCore

/// How subsets are mixed.
package enum Mixture: Sendable, Hashable {
    /// By what is left of each: an epoch visits every row once.
    case proportional
    /// By fixed weights, one for each subset's name; small subsets repeat.
    case weights([String: Double])

    /// Weights in the order of `shapes`; nil when proportional.
    ///
    /// - Throws: `DataError.badWeights`.
    func resolved(_ shapes: [SubsetShape]) throws -> [Double]? {
        guard case .weights(let weights) = self else { return nil }
        let names = Set(shapes.map(\.name))
        for name in weights.keys.sorted() where !names.contains(name) {
            throw DataError.badWeights(reason: "there is no subset '\(name)'")
        }
        return try shapes.map { shape in
            guard let weight = weights[shape.name] else {
                throw DataError.badWeights(reason: "subset '\(shape.name)' has none")
            }
            guard weight > 0, weight.isFinite else {
                throw DataError.badWeights(reason: "subset '\(shape.name)' has \(weight)")
            }
            return weight
        }
    }
}

extension RandomSource {
    /// A number in `0..<bound`. The bias is below bound / 2^64.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a number below \(bound)")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// An index, drawn by weights of which at least one is positive.
    mutating func index(byWeights weights: [Double]) -> Int {
        let total = weights.reduce(0, +)
        // 53 random bits in [0, 1).
        var rest = Double(next() >> 11) * 0x1p-53 * total
        for (index, weight) in weights.enumerated() {
            if rest < weight { return index }
            rest -= weight
        }
        // Rounding may leave a little: it belongs to the last one that can be drawn.
        return weights.lastIndex { $0 > 0 } ?? 0
    }

    /// An index, drawn by counts of which at least one is positive.
    mutating func index(byCounts counts: [Int]) -> Int {
        var rest = below(counts.reduce(0, +))
        for (index, count) in counts.enumerated() {
            if rest < count { return index }
            rest -= count
        }
        preconditionFailure("a draw beyond the sum of its counts")
    }
}

/// The endless row streams of the subsets: epoch after epoch, each in its own order.
struct SubsetStreams: Sendable {
    let shapes: [SubsetShape]
    private let seed: UInt64
    private let windowBlocks: Int
    /// The order of the epoch that each subset is in.
    private var orders: [(epoch: Int, order: RowOrder)?]

    init(_ shapes: [SubsetShape], seed: UInt64, windowBlocks: Int) {
        self.shapes = shapes
        self.seed = seed
        self.windowBlocks = windowBlocks
        orders = Array(repeating: nil, count: shapes.count)
    }

    /// The sample at a position of a subset's stream.
    mutating func sample(_ subset: Int, at position: Int) -> SampleID {
        let shape = shapes[subset]
        let (epoch, place) = position.quotientAndRemainder(dividingBy: shape.rowCount)
        let known = orders[subset]
        let order =
            known?.epoch == epoch
            ? known?.order : RowOrder(shape, windowBlocks: windowBlocks, seed: seed, epoch: epoch)
        guard let order else { preconditionFailure("an order is always made") }
        orders[subset] = (epoch, order)
        return SampleID(subset: shape.name, row: order[place])
    }
}
