// InfoNCE with in-batch and hard negatives (MoCa, eq. 4).
// Shapes: B queries here, C candidates of all ranks (positives, then hard negatives), D numbers.

import MoCaCore
package import MoCaModel
import NN
package import Torch

/// Whose hard negatives a query is compared with.
package enum HardNegativeScope: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its own (the released code).
    case own
    /// Those of all queries (the paper).
    case batch
}

/// Softmax cross-entropy of each query's positive among the candidates.
package struct ContrastiveObjective: Objective {
    /// What differs between the paper and the released code.
    package struct Settings: Sendable, Hashable {
        package var temperature: Double
        package var hardNegativeScope: HardNegativeScope
        /// Whether other candidates with the same content as a query's positive are left out.
        package var masksRepeatedPositives: Bool

        /// The temperature of the released code.
        package init(
            temperature: Double = 0.03, hardNegativeScope: HardNegativeScope = .own,
            masksRepeatedPositives: Bool = true
        ) {
            (self.temperature, self.hardNegativeScope) = (temperature, hardNegativeScope)
            self.masksRepeatedPositives = masksRepeatedPositives
        }
    }

    package let model: EmbeddingModel
    package let settings: Settings
    /// Told what each batch was scored from; nil costs nothing.
    package var observe: ((ContrastiveObservation) -> Void)?

    package init(_ model: EmbeddingModel, _ settings: Settings) {
        (self.model, self.settings) = (model, settings)
    }

    package func step(
        _ batches: [ContrastiveBatch], over collectives: any Collectives
    ) -> LossTerms {
        let local = batches.reduce(0) { $0 + $1.queryCount }
        let count = collectives.sum([Double(local)])[0]
        var sum = 0.0
        // A rank without queries in a part gathers nothing and takes part all the same.
        for (part, batch) in batches.enumerated()
        where collectives.sum([Double(batch.queryCount)])[0] > 0 {
            model.backbone.step.begin(part: part)
            let loss = loss(batch, collectives)
            model.backbone.step.backward(loss * (1 / count))
            sum += loss.item()
        }
        let total = collectives.sum([sum])[0]
        return LossTerms([LossTerm("contrastive_loss", sum: total, count: Int(count))])
    }

    /// The summed loss of this rank's queries.
    private func loss(_ batch: ContrastiveBatch, _ collectives: any Collectives) -> Tensor {
        let device = model.backbone.embeddingWeight.device
        // Counts before tensors: they say what every rank will send.
        let layout = CandidateLayout(batch, collectives)
        let vectors = model(batch.input)
            .indexed(0, by: Tensor(batch.sequences, on: device))  // [2B + negatives, D]
        let (rows, _) = vectors.sizes2()
        let queryCount = batch.queryCount
        let queries = vectors.narrowed(0, 0..<queryCount)
        let positives = collectives.gatherRows(vectors.narrowed(0, queryCount..<2 * queryCount))
        let negatives = collectives.gatherRows(vectors.narrowed(0, 2 * queryCount..<rows))
        let candidates = Tensor.concatenated([positives, negatives])  // [C, D]
        observe?(
            ContrastiveObservation(
                queries: queries.detached(), candidates: candidates.detached(), layout: layout))
        let scores = queries.matmul(candidates.transposed(0, 1)) / settings.temperature  // [B, C]
        let excluded = layout.excluded(settings)
        let logits =
            excluded.contains(true)
            ? scores.masked(
                where: Tensor(excluded, shape: scores.shape, on: device), with: -.infinity)
            : scores
        return logits.crossEntropySum(Tensor(layout.targets, on: device))
    }
}

/// The vectors that the queries of a batch are compared with, before their gradients exist.
package struct ContrastiveObservation {
    /// float32 `[B, D]`, without gradients.
    package let queries: Tensor
    /// float32 `[C, D]`, without gradients.
    package let candidates: Tensor
    package let layout: CandidateLayout
}

/// Where each candidate of all ranks comes from.
package struct CandidateLayout: Sendable, Hashable {
    /// `[B]`: the candidate that is each local query's positive.
    package let targets: [Int]
    /// Candidates before this one are positives, in the order of queries; the others are hard
    /// negatives.
    package let positiveCount: Int
    /// For each negative of all ranks, the query of all ranks that it belongs to.
    package let owners: [Int]
    /// Content numbers of all candidates; empty when unknown.
    package let identities: [Int]

    init(_ batch: ContrastiveBatch, _ collectives: any Collectives) {
        let counts = collectives.gather(batch.negativeCounts)
        let sizes = collectives.gather([batch.queryCount])
        let first = sizes.prefix(collectives.rank).reduce(0, +)
        positiveCount = counts.count
        targets = (0..<batch.queryCount).map { first + $0 }
        owners = counts.enumerated().flatMap { query, count in
            [Int](repeating: query, count: count)
        }
        let own = batch.candidateIdentities
        identities =
            own.isEmpty
            ? []
            : collectives.gather(Array(own.prefix(batch.queryCount)))
                + collectives.gather(Array(own.dropFirst(batch.queryCount)))
    }

    /// `[B, C]`: candidates that a query is not compared with.
    func excluded(_ settings: ContrastiveObjective.Settings) -> [Bool] {
        let candidates = positiveCount + owners.count
        var excluded = [Bool](repeating: false, count: targets.count * candidates)
        for (row, target) in targets.enumerated() {
            for candidate in 0..<candidates where candidate != target {
                let isForeign =
                    candidate >= positiveCount && settings.hardNegativeScope == .own
                    && owners[candidate - positiveCount] != target
                let isRepeated =
                    settings.masksRepeatedPositives && !identities.isEmpty
                    && identities[candidate] == identities[target]
                excluded[row * candidates + candidate] = isForeign || isRepeated
            }
        }
        return excluded
    }
}
