// The loss of several ranks against that of one process with the whole batch. Ranks are threads;
// one of them has nothing to do.

import Torch
import MoCaTraining
import MoCaModel
import MoCaRankSupport
import MoCaTestSupport
import NN
import Testing
@testable import MoCaObjectives

@Suite struct RankTests {
    /// The rows `queries` of a batch, with their positives and negatives.
    private func part(_ batch: ContrastiveBatch, _ queries: [Int]) -> ContrastiveBatch {
        let count = batch.queryCount
        var firsts = [count]
        for negatives in batch.negativeCounts {
            firsts.append(firsts[firsts.count - 1] + negatives)
        }
        let negatives = queries.flatMap { Array(firsts[$0]..<firsts[$0 + 1]) }
        let candidates = queries + negatives
        var part = ContrastiveBatch(
            pieces: queries.isEmpty ? [] : batch.pieces,
            sequences: queries.map { batch.sequences[$0] }
                + candidates.map { batch.sequences[count + $0] },
            negativeCounts: queries.map { batch.negativeCounts[$0] },
            candidateIdentities: candidates.map { batch.candidateIdentities[$0] })
        part.targetIdentities = candidates.map { batch.targetIdentities[$0] }
        part.teacherScores = candidates.map { batch.teacherScores[$0] }
        part.subset = "s"
        return part
    }

    private func settings() -> ContrastiveObjective.Settings {
        var settings = ContrastiveObjective.Settings(temperature: 0.05, hardNegativeScope: .own)
        settings.isSymmetric = true
        settings.masksSameTarget = true
        settings.falseNegativeMargin = 0.02
        settings.matryoshkaDimensions = [8, 32]
        settings.quantizations = [.binary]
        settings.distillationWeight = 0.3
        return settings
    }

    private func gradients(_ parameters: [(key: String, tensor: Tensor)]) -> [String: [Float]] {
        var gradients: [String: [Float]] = [:]
        for (key, tensor) in parameters { gradients[key] = tensor.gradient?.array(Float.self) }
        return gradients
    }

    @Test(arguments: ["contrastive_counts", "contrastive_repeated"])
    func ranksTogetherHaveTheLossOfOneProcess(name: String) throws {
        let model = try ObjectiveFixtures.model()
        var batch = try ObjectiveFixtures.batch(name, model).contrastive()
        batch.targetIdentities = batch.candidateIdentities
        batch.teacherScores = batch.candidateIdentities.indices.map { Double($0 % 3) }
        let whole = ContrastiveObjective(
            EmbeddingModel(model.backbone, PoolingSettings()), settings()
        ).step([part(batch, [0, 1, 2])], over: SingleProcess())
        let shares = [[0], [1, 2], []]
        let results = try ThreadRank.run(shares.count) { ranks in
            let copy = try ObjectiveFixtures.model()
            let objective = ContrastiveObjective(
                EmbeddingModel(copy.backbone, PoolingSettings()), settings())
            let terms = objective.step([part(batch, shares[ranks.rank])], over: ranks)
            let parameters = copy.store.trainableParameters
            _ = RankedAdamW(parameters, settings: .init(), over: ranks).reduceGradients()
            return (terms, gradients(parameters))
        }
        #expect(results.count == shares.count)
        let expectedGradients = gradients(model.store.trainableParameters)
        #expect(!expectedGradients.isEmpty)
        for (terms, found) in results {
            #expect(found.keys == expectedGradients.keys)
            for (key, expected) in expectedGradients {
                let scale = max(1, expected.map(abs).max() ?? 0)
                let difference = largestDifference(found[key] ?? [], expected)
                #expect(difference <= 1e-5 * scale, "\(key)")
            }
            #expect(terms.terms.map(\.name) == whole.terms.map(\.name))
            for (found, expected) in zip(terms.terms.map(\.total), whole.terms.map(\.total)) {
                #expect(found.count == expected.count)
                #expect(abs(found.sum - expected.sum) <= 1e-6 * abs(expected.sum))
            }
            #expect(terms.subsets["s"]?[0].total.count == 3)
        }
        #expect(whole.terms.contains { $0.name == "distillation_loss" && $0.total.sum > 0 })
    }
}
