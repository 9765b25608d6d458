// A contrastive batch in pieces against the same batch at once: loss and every gradient.

import MoCaModel
import MoCaTraining
import NN
import Testing
import Torch

@testable import MoCaObjectives

@Suite struct GradientCacheTests {
    private func objective(
        _ model: PretrainedModel, _ settings: ContrastiveObjective.Settings
    ) -> ContrastiveObjective {
        ContrastiveObjective(
            EmbeddingModel(model.backbone, PoolingSettings()), settings,
            logScale: settings.learnsTemperature
                ? ContrastiveObjective.logScale(of: model, temperature: settings.temperature) : nil)
    }

    private var settings: ContrastiveObjective.Settings {
        var settings = ContrastiveObjective.Settings(temperature: 0.05, hardNegativeScope: .batch)
        settings.isSymmetric = true
        settings.learnsTemperature = true
        settings.matryoshkaDimensions = [8, 32]
        return settings
    }

    /// The loss, and every gradient by key.
    private func gradients(
        _ batches: [ContrastiveBatch], _ model: PretrainedModel,
        _ settings: ContrastiveObjective.Settings
    ) -> (loss: Double, values: [String: [Float]]) {
        let objective = objective(model, settings)
        for (_, tensor) in model.store.parameters { tensor.setGradient(nil) }
        let terms = objective.step(batches, over: SingleProcess())
        return (
            terms.loss,
            Dictionary(
                uniqueKeysWithValues: model.store.parameters.map {
                    ($0.key, $0.tensor.gradient?.array() ?? [])
                })
        )
    }

    /// The greatest relative difference of a parameter's gradients, with a floor for those that
    /// vanish.
    private func difference(_ x: [String: [Float]], _ y: [String: [Float]]) -> Double {
        func norm(_ values: [Float]) -> Double {
            values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        let whole = y.values.reduce(0) { $0 + pow2(norm($1)) }.squareRoot()
        return x.keys.map { key in
            let (a, b) = (x[key] ?? [], y[key] ?? [])
            if a.isEmpty && b.isEmpty { return 0 }
            guard a.count == b.count else { return .infinity }
            return norm(zip(a, b).map { $0 - $1 }) / max(norm(b), 1e-3 * whole)
        }.max() ?? .infinity
    }

    private func pow2(_ x: Double) -> Double { x * x }

    @Test(arguments: LossTests.contrastive, [1, 24, 40])
    func piecesEqualTheWholeBatch(name: String, tokensMax: Int) throws {
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch(name, model).contrastive()
        let pieces = batch.inPieces(tokensMax: tokensMax)
        #expect(pieces.pieces.count > 1)
        #expect(
            pieces.pieces.allSatisfy { $0.tokenCount <= tokensMax || $0.sequenceCount == 1 })
        let whole = gradients([batch], model, settings)
        let cached = gradients([pieces], model, settings)
        #expect(abs(whole.loss - cached.loss) <= 1e-5 * whole.loss)
        #expect(difference(cached.values, whole.values) <= 1e-5)
        // Control: the sum of small batches, each with its own candidates, is another loss.
        let small = gradients(try singles(name, model), model, settings)
        #expect(difference(small.values, whole.values) > 0.1)
    }

    /// The same batch as two parts of a step: the first row against itself, the others.
    private func singles(_ name: String, _ model: PretrainedModel) throws -> [ContrastiveBatch] {
        let batch = try ObjectiveFixtures.batch(name, model).contrastive()
        let count = batch.queryCount
        var firstNegative = 2 * count
        return (0..<count).map { row in
            let negatives = batch.negativeCounts[row]
            defer { firstNegative += negatives }
            let own = Array(batch.sequences[firstNegative..<firstNegative + negatives])
            return ContrastiveBatch(
                input: batch.input,
                sequences: [batch.sequences[row], batch.sequences[count + row]] + own,
                negativeCounts: [negatives])
        }
    }

    @Test func piecesHoldTheirImagesAndJoinAgain() throws {
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch("contrastive_counts", model).contrastive()
        let joined = batch.inPieces(tokensMax: 24).input
        #expect(joined.ids == batch.input.ids)
        #expect(joined.positions == batch.input.positions)
        #expect(joined.sequenceStarts == batch.input.sequenceStarts)
        #expect(joined.imageTokens == batch.input.imageTokens)
        #expect(joined.grids == batch.input.grids)
        #expect(
            joined.pixelValues?.array(Float.self) == batch.input.pixelValues?.array(Float.self))
    }

    /// The panel that watches a run sees the whole batch's vectors, in pieces or not.
    @Test func anObserverSeesTheWholeBatch() throws {
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch("contrastive_1", model).contrastive()
        var seen: [[Float]] = []
        for part in [batch, batch.inPieces(tokensMax: 24)] {
            var objective = objective(model, .init())
            objective.observe = { seen.append($0.candidates.array()) }
            _ = objective.step([part], over: SingleProcess())
        }
        #expect(seen.count == 2)
        let worst = zip(seen[0], seen[1]).map { abs($0 - $1) }.max()
        #expect(try #require(worst) <= 1e-6)
    }

    /// As CLIP: the scale stays within 100, whatever an update made of it.
    @Test func theScaleIsHeldUnderItsLimit() throws {
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch("contrastive_1", model).contrastive()
        let objective = objective(model, settings)
        let logScale = try #require(objective.logScale)
        #expect(abs(logScale.item() - 2.9957) < 1e-4)
        logScale.assign(Tensor(5))
        let terms = objective.step([batch], over: SingleProcess()).terms
        #expect(abs(logScale.item() - 4.60517) < 1e-4)
        let temperature = terms.first { $0.name == "temperature" }?.total
        #expect(abs((temperature?.mean ?? 0) - 0.01) < 1e-6 && temperature?.weight == 0)
    }
}
