// Measures of one ranking, as trec_eval defines them (m_ndcg_cut.c, m_recall.c, m_map_cut.c,
// m_recip_rank.c), and their means over queries.

import Foundation

/// The ranks at which rankings are cut.
package struct RankingCutoffs: Sendable, Hashable {
    /// Cut-offs of nDCG, ascending.
    package var ndcg: [Int]
    /// Cut-offs of recall, ascending.
    package var recall: [Int]

    package init(ndcg: [Int], recall: [Int]) {
        self.ndcg = ndcg
        self.recall = recall
    }

    /// The cut-offs in `scores.json`.
    package static let standard = RankingCutoffs(ndcg: [1, 5, 10], recall: [1, 5, 10, 100])

    /// The cut-off of MRR and MAP.
    static let reciprocalRank = 10

    /// The number of top-ranked documents that the measures depend on.
    package var deepest: Int { (ndcg + recall + [Self.reciprocalRank]).max() ?? 0 }
}

/// The measures of one query, or their means over queries.
package struct RankingMetrics: Sendable, Hashable {
    /// nDCG by cut-off, with linear gains: a document of relevance 2 is worth 2.
    package var ndcg: [Int: Double]
    /// The fraction of a query's relevant documents above the cut-off.
    package var recall: [Int: Double]
    /// 1 / rank of the first relevant document, 0 below rank 10.
    package var mrrAt10: Double
    /// The mean over a query's relevant documents of the precision at their ranks, 0 below rank 10.
    package var mapAt10: Double

    /// Computes the measures of one ranking.
    ///
    /// A document is relevant if its relevance is 1 or more. Unjudged documents count as not
    /// relevant, documents missing from the ranking as not found, and without any relevant document
    /// all measures are 0.
    ///
    /// - Parameters:
    ///   - relevances: the relevance of the documents in the order of the ranking, down to
    ///     `cutoffs.deepest` or the end.
    ///   - judged: the relevances of all judged documents, in any order.
    package init(relevances: [Int], judged: [Int], cutoffs: RankingCutoffs) {
        let ideal = judged.filter { $0 > 0 }.sorted(by: >)
        let relevantCount = Double(ideal.count)
        ndcg = [:]
        for cutoff in cutoffs.ndcg {
            let best = Self.discountedGain(ideal.prefix(cutoff))
            ndcg[cutoff] = best > 0 ? Self.discountedGain(relevances.prefix(cutoff)) / best : 0
        }
        recall = [:]
        for cutoff in cutoffs.recall {
            let found = Double(relevances.prefix(cutoff).count { $0 > 0 })
            recall[cutoff] = relevantCount > 0 ? found / relevantCount : 0
        }
        let head = relevances.prefix(RankingCutoffs.reciprocalRank)
        mrrAt10 = head.firstIndex { $0 > 0 }.map { 1 / Double($0 + 1) } ?? 0
        var foundCount = 0.0
        var precisions = 0.0
        for (rank, relevance) in head.enumerated() where relevance > 0 {
            foundCount += 1
            precisions += foundCount / Double(rank + 1)
        }
        mapAt10 = relevantCount > 0 ? precisions / relevantCount : 0
    }

    /// Creates measures with the given values.
    package init(
        ndcg: [Int: Double], recall: [Int: Double], mrrAt10: Double, mapAt10: Double
    ) {
        self.ndcg = ndcg
        self.recall = recall
        self.mrrAt10 = mrrAt10
        self.mapAt10 = mapAt10
    }

    /// The means of the measures of `queries`, which must share cut-offs and not be empty.
    package static func mean(_ queries: [RankingMetrics]) -> RankingMetrics {
        precondition(!queries.isEmpty, "a mean over no query")
        let scale = 1 / Double(queries.count)
        let sum = { (value: (RankingMetrics) -> Double) in
            queries.reduce(0) { $0 + value($1) } * scale
        }
        var mean = queries[0]
        for cutoff in mean.ndcg.keys { mean.ndcg[cutoff] = sum { $0.ndcg[cutoff] ?? 0 } }
        for cutoff in mean.recall.keys { mean.recall[cutoff] = sum { $0.recall[cutoff] ?? 0 } }
        mean.mrrAt10 = sum(\.mrrAt10)
        mean.mapAt10 = sum(\.mapAt10)
        return mean
    }

    /// DCG = sum over ranks i from 1 of gain_i / log2(i + 1); negative relevance gains nothing.
    private static func discountedGain(_ relevances: some Sequence<Int>) -> Double {
        var gain = 0.0
        for (rank, relevance) in relevances.enumerated() where relevance > 0 {
            gain += Double(relevance) / log2(Double(rank + 2))
        }
        return gain
    }
}

// MARK: - Chance

extension RankingMetrics {
    /// The expected measures of a ranking in random order.
    ///
    /// - Parameters:
    ///   - documentCount: the number of ranked documents.
    ///   - relevances: the relevances of the judged documents among the ranked ones.
    ///   - judged: the relevances of all judged documents.
    package static func chance(
        documentCount: Int, relevances: [Int], judged: [Int], cutoffs: RankingCutoffs
    ) -> RankingMetrics {
        var chance = RankingMetrics(relevances: [], judged: judged, cutoffs: cutoffs)
        let found = relevances.filter { $0 > 0 }
        let ideal = judged.filter { $0 > 0 }.sorted(by: >)
        guard documentCount > 0, !found.isEmpty else { return chance }
        let count = Double(documentCount)
        let relevant = Double(found.count)
        let share = relevant / count
        let meanGain = Double(found.reduce(0, +)) / count
        for cutoff in cutoffs.ndcg {
            let discounts = (0..<min(cutoff, documentCount)).reduce(0) {
                $0 + 1 / log2(Double($1 + 2))
            }
            chance.ndcg[cutoff] = meanGain * discounts / discountedGain(ideal.prefix(cutoff))
        }
        for cutoff in cutoffs.recall {
            chance.recall[cutoff] =
                relevant / Double(ideal.count) * Double(min(cutoff, documentCount)) / count
        }
        // The probability that the documents at two given ranks are both relevant.
        let both = count > 1 ? share * (relevant - 1) / (count - 1) : 0
        var noneAbove = 1.0
        for rank in 1...min(RankingCutoffs.reciprocalRank, documentCount) {
            let rest = count - Double(rank - 1)
            chance.mrrAt10 += noneAbove * relevant / rest / Double(rank)
            noneAbove *= max(0, rest - relevant) / rest
            chance.mapAt10 +=
                (share + Double(rank - 1) * both) / Double(rank) / Double(ideal.count)
        }
        return chance
    }
}
