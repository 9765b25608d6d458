// The proportions of the subsets in the stream, and the draws from them.

import Foundation
import MoCaCore
import MoCaTables

/// The mixture of subsets.
package struct Mixture: Sendable, Hashable {
    /// The rule that chooses the next subset.
    package enum Order: Sendable, Hashable {
        /// In proportion to the rows left of each subset: an epoch visits every row once.
        case proportional
        /// In turn; a subset that has finished its epoch waits for the others.
        case roundRobin
        /// By fixed weights, one for each subset's name; small subsets repeat.
        case weights([String: Double])
        /// By sizes to the power of 1 / temperature; above 1, small subsets repeat.
        case temperature(Double)
    }

    package var order: Order
    /// The most rows of a subset per epoch; nil for all. The next epoch continues with other rows.
    package var cap: Int?

    package init(_ order: Order, cap: Int? = nil) {
        (self.order, self.cap) = (order, cap)
    }

    /// A mixture in which every row occurs once per epoch.
    package static let proportional = Mixture(.proportional)

    /// A mixture by fixed weights.
    package static func weights(_ weights: [String: Double]) -> Mixture {
        Mixture(.weights(weights))
    }

    /// The number of rows of a subset in an epoch.
    package func epochRows(of shape: SubsetShape) -> Int {
        min(shape.rowCount, cap ?? shape.rowCount)
    }

    /// The rule that chooses the next of `shapes`.
    ///
    /// - Throws: `DataError.badWeights`.
    func choice(of shapes: [SubsetShape]) throws -> SubsetChoice {
        switch order {
        case .proportional: return .byRowsLeft
        case .roundRobin: return .inTurn
        case .weights, .temperature: return .byWeights(try weights(of: shapes) ?? [])
        }
    }

    /// The weights in the order of `shapes`; nil if the order does not use weights.
    ///
    /// - Throws: `DataError.badWeights`.
    package func weights(of shapes: [SubsetShape]) throws -> [Double]? {
        switch order {
        case .proportional, .roundRobin: return nil
        case .weights(let weights): return try Self.named(weights, shapes)
        case .temperature(let temperature):
            guard temperature > 0, temperature.isFinite else {
                throw DataError.badWeights(reason: "the temperature is \(temperature)")
            }
            let powers = shapes.map { pow(Double(epochRows(of: $0)), 1 / temperature) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
    }

    private static func named(
        _ weights: [String: Double], _ shapes: [SubsetShape]
    ) throws -> [Double] {
        // A subset may also be named by more than its last component, as is necessary if an
        // excluded folder ends in the same one.
        var byName: [String: Double] = [:]
        for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
            guard
                let shape = shapes.first(where: { $0.name == name })
                    ?? shapes.first(where: { name.hasSuffix("/\($0.name)") }),
                byName.updateValue(weight, forKey: shape.name) == nil
            else { throw DataError.badWeights(reason: "there is no subset '\(name)'") }
        }
        return try shapes.map { shape in
            guard let weight = byName[shape.name] else {
                throw DataError.badWeights(reason: "subset '\(shape.name)' has none")
            }
            guard weight > 0, weight.isFinite else {
                throw DataError.badWeights(reason: "subset '\(shape.name)' has \(weight)")
            }
            return weight
        }
    }
}

/// The choice of the next subset.
enum SubsetChoice: Sendable, Hashable {
    case byRowsLeft
    case inTurn
    case byWeights([Double])

    /// The index of the next subset; `left` returns the rows that each has left in its epoch, at
    /// least one of which is positive.
    func next(_ cursor: inout DataCursor, left: (DataCursor) -> [Int]) -> Int {
        switch self {
        case .byWeights(let weights): return cursor.random.index(byWeights: weights)
        case .byRowsLeft: return cursor.random.index(byCounts: left(cursor))
        case .inTurn:
            let left = left(cursor)
            let turns = left.indices.map { (cursor.turn + $0) % left.count }
            guard let subset = turns.first(where: { left[$0] > 0 }) else {
                preconditionFailure("no subset has anything left")
            }
            cursor.turn = (subset + 1) % left.count
            return subset
        }
    }
}

extension RandomSource {
    /// A random integer in `0..<bound`. The bias is below bound / 2^64.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a number below \(bound)")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A random index by weights, at least one of which is positive.
    mutating func index(byWeights weights: [Double]) -> Int {
        let total = weights.reduce(0, +)
        // 53 random bits in [0, 1).
        var rest = Double(next() >> 11) * 0x1p-53 * total
        for (index, weight) in weights.enumerated() {
            if rest < weight { return index }
            rest -= weight
        }
        // Rounding may leave a remainder, which belongs to the last index that can be drawn.
        return weights.lastIndex { $0 > 0 } ?? 0
    }

    /// A random index by counts, at least one of which is positive.
    mutating func index(byCounts counts: [Int]) -> Int {
        var rest = below(counts.reduce(0, +))
        for (index, count) in counts.enumerated() {
            if rest < count { return index }
            rest -= count
        }
        preconditionFailure("a draw beyond the sum of its counts")
    }
}

/// The endless row streams of the subsets: pass after pass, each in its own order.
struct SubsetStreams: Sendable {
    let shapes: [SubsetShape]
    private let seed: UInt64
    private let windowBlocks: Int
    /// The order of each subset's current pass.
    private var orders: [(epoch: Int, order: RowOrder)?]

    init(_ shapes: [SubsetShape], seed: UInt64, windowBlocks: Int) {
        self.shapes = shapes
        self.seed = seed
        self.windowBlocks = windowBlocks
        orders = Array(repeating: nil, count: shapes.count)
    }

    /// The row at a position in a subset's stream.
    mutating func row(_ subset: Int, at position: Int) -> Int {
        let shape = shapes[subset]
        let (epoch, place) = position.quotientAndRemainder(dividingBy: shape.rowCount)
        if let known = orders[subset], known.epoch == epoch { return known.order[place] }
        let order = RowOrder(shape, windowBlocks: windowBlocks, seed: seed, epoch: epoch)
        orders[subset] = (epoch, order)
        return order[place]
    }

    /// The sample at a position in a subset's stream.
    mutating func sample(_ subset: Int, at position: Int) -> SampleID {
        SampleID(subset: shapes[subset].name, row: row(subset, at: position))
    }
}
