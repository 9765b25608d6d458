// The loss of several ranks against that of one process with the whole batch. Ranks are threads;
// one of them has nothing to do.

import Foundation
import MoCaModel
import MoCaTraining
import NN
import Testing
import Torch

@testable import MoCaObjectives

/// What threads hand to each other: everyone's value, in the order of ranks.
private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private let size: Int
    private var values: [Any?]
    private var count = 0
    private var round = 0
    private var last: [Any] = []

    init(size: Int) {
        self.size = size
        values = [Any?](repeating: nil, count: size)
    }

    func exchange<Value>(_ value: Value, rank: Int) -> [Value] {
        condition.lock()
        defer { condition.unlock() }
        let mine = round
        values[rank] = value
        count += 1
        if count == size {
            (last, count, round) = (values.compactMap { $0 }, 0, round + 1)
            condition.broadcast()
        }
        while round == mine { condition.wait() }
        return last.compactMap { $0 as? Value }
    }
}

/// A rank whose gathered rows carry gradients for its own rows only.
private struct ThreadRank: Collectives {
    let meeting: Meeting
    let rank: Int
    let worldSize: Int

    func sum(_ values: [Double]) -> [Double] {
        let all = meeting.exchange(values, rank: rank)
        return values.indices.map { index in all.reduce(0) { $0 + $1[index] } }
    }

    func reduce(_ tensors: [Tensor]) {
        let all = meeting.exchange(tensors.map { $0.detached().clone() }, rank: rank)
        for (index, tensor) in tensors.enumerated() {
            tensor.assign(all.dropFirst().reduce(all[0][index]) { $0 + $1[index] })
        }
    }

    func gather(_ local: [Int]) -> [Int] { meeting.exchange(local, rank: rank).flatMap { $0 } }

    func gatherRows(_ local: Tensor) -> Tensor {
        var all = meeting.exchange(local.detached(), rank: rank)
        all[rank] = local
        return .concatenated(all)
    }
}

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
        let meeting = Meeting(size: shares.count)
        let results = Results(count: shares.count)
        let threads = try shares.enumerated().map { rank, queries in
            let copy = try ObjectiveFixtures.model()
            let (own, settings) = (part(batch, queries), settings())
            let work = Work {
                let objective = ContrastiveObjective(
                    EmbeddingModel(copy.backbone, PoolingSettings()), settings)
                let ranks = ThreadRank(meeting: meeting, rank: rank, worldSize: shares.count)
                results.set(rank, objective.step([own], over: ranks))
            }
            let thread = Thread { work.run() }
            thread.stackSize = 16 << 20
            thread.start()
            return thread
        }
        while threads.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.01) }
        for rank in shares.indices {
            let terms = try #require(results.value(rank))
            #expect(terms.terms.map(\.name) == whole.terms.map(\.name))
            for (found, expected) in zip(terms.terms, whole.terms) {
                #expect(found.count == expected.count)
                #expect(
                    abs(found.sum - expected.sum) <= 1e-5 * abs(expected.sum), "\(found.name)")
            }
            #expect(terms.subsets["s"]?[0].count == 3)
        }
        #expect(whole.terms.contains { $0.name == "distillation_loss" && $0.sum > 0 })
    }
}

/// A closure that goes to one thread.
private struct Work: @unchecked Sendable {
    let run: () -> Void
}

private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [LossTerms?]

    init(count: Int) {
        values = [LossTerms?](repeating: nil, count: count)
    }

    func set(_ index: Int, _ value: LossTerms) { lock.withLock { values[index] = value } }
    func value(_ index: Int) -> LossTerms? { lock.withLock { values[index] } }
}
