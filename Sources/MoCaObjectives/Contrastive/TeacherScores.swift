// Distillation from a teacher's scores: the divergence between the teacher's and the model's
// distributions over a query's own candidates.
// Shapes: B queries, Q of them scored, K candidates of the longest row, C candidates of all ranks.

import Foundation
import Torch

/// The queries of a batch whose positive and hard negatives all have a teacher's score.
struct TeacherScores {
    /// `[Q]`: the indices of the queries on this rank.
    private var rows: [Int] = []
    /// `[Q, K]`: indices of candidates over all ranks, padded with the positive.
    private var candidates: [Int] = []
    /// `[Q, K]`: the teacher's probabilities, 0 where padded.
    private var probabilities: [Float] = []
    /// `[Q, K]`
    private var isPadding: [Bool] = []
    /// The sum of `p log p` of the teacher's probabilities, over all queries.
    private var negativeEntropy = 0.0
    private var width = 0

    /// Returns the number of queries that have scores for all their candidates and a negative.
    static func count(_ batch: ContrastiveBatch) -> Int { scored(batch).count }

    private static func scored(_ batch: ContrastiveBatch) -> [(row: Int, negatives: Range<Int>)] {
        guard !batch.teacherScores.isEmpty else { return [] }
        var (first, found) = (batch.queryCount, [(row: Int, negatives: Range<Int>)]())
        for (row, count) in batch.negativeCounts.enumerated() {
            let range = first..<first + count
            first += count
            let isWhole =
                !batch.teacherScores[row].isNaN
                && range.allSatisfy { !batch.teacherScores[$0].isNaN }
            if isWhole, count > 0 { found.append((row, range)) }
        }
        return found
    }

    init(_ batch: ContrastiveBatch, _ layout: CandidateLayout, temperature: Double) {
        let scored = Self.scored(batch)
        width = 1 + (scored.map(\.negatives.count).max() ?? 0)
        // The negatives of a query are adjacent, in the order of all ranks.
        var firstOf: [Int: Int] = [:]
        for (place, owner) in layout.owners.enumerated() where firstOf[owner] == nil {
            firstOf[owner] = place
        }
        for (row, range) in scored {
            let target = layout.targets[row]
            let first = layout.positiveCount + (firstOf[target] ?? 0)
            let own = [target] + (0..<range.count).map { first + $0 }
            let scores = ([row] + Array(range)).map { batch.teacherScores[$0] / temperature }
            let peak = scores.max() ?? 0
            let weights = scores.map { exp($0 - peak) }
            let sum = weights.reduce(0, +)
            let padding = width - own.count
            rows.append(row)
            candidates += own + [Int](repeating: target, count: padding)
            probabilities += weights.map { Float($0 / sum) } + [Float](repeating: 0, count: padding)
            isPadding += own.map { _ in false } + [Bool](repeating: true, count: padding)
            negativeEntropy += zip(weights, scores).reduce(0) {
                $0 + $1.0 / sum * ($1.1 - peak - log(sum))
            }
        }
    }

    /// Returns the sum over scored queries of `KL(teacher || softmax(logits of own candidates))`;
    /// `logits` is `[B, C]`.
    func divergence(_ logits: Tensor) -> Tensor {
        let (device, shape) = (logits.device, [rows.count, width])
        let own = logits.indexed(0, by: Tensor(rows, on: device))  // [Q, C]
            .gathered(1, Tensor(candidates, shape: shape, on: device))  // [Q, K]
            // A finite value, because 0 times infinity is NaN.
            .masked(where: Tensor(isPadding, shape: shape, on: device), with: -1e4)
        let logProbabilities = own - own.logSumExp(1, keepingAxes: true)
        let teacher = Tensor(probabilities, shape: shape, on: device)
        return (teacher * logProbabilities).sum() * -1 + negativeEntropy
    }
}
