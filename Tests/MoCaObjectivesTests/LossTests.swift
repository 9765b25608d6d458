// Losses and every gradient of saved batches against the PyTorch reference.

import Foundation
import MoCaCore
import MoCaModel
import MoCaTraining
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaObjectives

@Suite struct LossTests {
    static let pretraining = [
        "pretrain_mixed", "pretrain_text", "pretrain_image_only", "pretrain_nothing_masked",
    ]
    static let contrastive = [
        "contrastive_0", "contrastive_1", "contrastive_2", "contrastive_counts",
        "contrastive_text", "contrastive_repeated",
    ]

    private func objective(
        _ model: PretrainedModel, target: TokenTarget = .own
    ) -> ReconstructionObjective {
        ReconstructionObjective(
            model.reconstruction!, .init(maeWeight: 0.1, tokenTarget: target))
    }

    private func objective(
        _ model: PretrainedModel, scope: HardNegativeScope = .own, masks: Bool = false
    ) -> ContrastiveObjective {
        ContrastiveObjective(
            EmbeddingModel(model.backbone, PoolingSettings()),
            .init(temperature: 0.03, hardNegativeScope: scope, masksRepeatedPositives: masks))
    }

    @Test(arguments: pretraining)
    func pretrainingLoss(name: String) throws {
        let expected = try #require(ObjectiveFixtures.expected()[name])
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch(name, model).reconstruction()
        let result = Replay(model).run(objective(model), batch)
        #expect(difference(result.loss, expected.loss) <= 1e-5)
        #expect(difference(result.mlmLoss ?? .nan, expected.mlmLoss ?? .nan) <= 1e-5)
        #expect(difference(result.maeLoss ?? .nan, expected.maeLoss ?? .nan) <= 1e-5)
        #expect(difference(result.gradNorm, expected.gradNorm) <= 1e-4)
        try expectGradients(model, name, expected)
    }

    @Test(arguments: contrastive)
    func contrastiveLoss(name: String) throws {
        let expected = try #require(ObjectiveFixtures.expected()[name])
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch(name, model).contrastive()
        let result = Replay(model).run(objective(model), batch)
        #expect(difference(result.loss, expected.loss) <= 2e-5)
        #expect(difference(result.gradNorm, expected.gradNorm) <= 1e-4)
        try expectGradients(model, name, expected)
    }

    /// Gradients in full where the fixture has them, else by three numbers each.
    private func expectGradients(
        _ model: PretrainedModel, _ name: String, _ expected: ObjectiveFixtures.Expected
    ) throws {
        let url = ObjectiveFixtures.folder.appending(path: "\(name).gradients.safetensors")
        let isThere = FileManager.default.fileExists(atPath: url.path)
        try ObjectiveFixtures.expectGradients(
            model, expected, full: isThere ? GradientFile(url) : nil)
    }

    @Test func paperPredictsFromTheStateBefore() throws {
        let expected = try #require(ObjectiveFixtures.expected()["pretrain_mixed"])
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch("pretrain_mixed", model).reconstruction()
        let result = Replay(model).run(objective(model, target: .previous), batch)
        #expect(difference(result.mlmLoss ?? .nan, expected.mlmLossShifted ?? .nan) <= 1e-5)
    }

    @Test(arguments: contrastive)
    func hardNegativesOfAllQueries(name: String) throws {
        let expected = try #require(ObjectiveFixtures.expected()[name])
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch(name, model).contrastive()
        let wide = Replay(model).run(objective(model, scope: .batch), batch)
        #expect(difference(wide.loss, expected.lossBatchScope ?? .nan) <= 2e-5)
        let masked = Replay(model).run(objective(model, masks: true), batch)
        #expect(difference(masked.loss, expected.lossRepeatsMasked ?? .nan) <= 2e-5)
    }

    @Test(arguments: [ActivationCheckpointing.selective, .full], [false, true])
    func recomputedLayersAndFullLogitsChangeNothing(
        checkpointing: ActivationCheckpointing, keepsLogits: Bool
    ) throws {
        let expected = try #require(ObjectiveFixtures.expected()["pretrain_mixed"])
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch("pretrain_mixed", model).reconstruction()
        var reconstruction = model.reconstruction!
        reconstruction.backbone.checkpointing = checkpointing
        var objective = ReconstructionObjective(reconstruction, .init(maeWeight: 0.1))
        objective.keepsLogits = keepsLogits
        let result = Replay(model).run(objective, batch)
        #expect(difference(result.loss, expected.loss) <= 1e-5)
        try expectGradients(model, "pretrain_mixed", expected)
    }

    /// Logits of one token at a time give the loss, the accuracy and the gradients of all at once.
    @Test func chunkedLogitsChangeNothing() throws {
        let expected = try #require(ObjectiveFixtures.expected()["pretrain_mixed"])
        let model = try ObjectiveFixtures.model()
        let batch = try ObjectiveFixtures.batch("pretrain_mixed", model).reconstruction()
        let whole = objective(model).step([batch], over: SingleProcess())
        for (_, tensor) in model.store.parameters { tensor.setGradient(nil) }
        var chunked = objective(model)
        chunked.logitBytesMax = 1
        let result = chunked.step([batch], over: SingleProcess())
        #expect(difference(result.loss, expected.loss) <= 1e-5)
        #expect(result.terms[2] == whole.terms[2])
        try expectGradients(model, "pretrain_mixed", expected)
    }

    @Test func accumulationDividesByTrueCounts() throws {
        let model = try ObjectiveFixtures.model()
        let names = ["pretrain_mixed", "pretrain_text", "pretrain_nothing_masked"]
        let batches = try names.map { try ObjectiveFixtures.batch($0, model).reconstruction() }
        let terms = objective(model).step(batches, over: SingleProcess())
        let alone = try ObjectiveFixtures.expected()
        let counts = batches.map(\.maskedTokens.count)
        let sum = zip(names, counts).reduce(0.0) {
            $0 + (alone[$1.0]?.mlmLoss ?? .nan) * Double($1.1)
        }
        let mean = sum / Double(counts.reduce(0, +))
        #expect(difference(terms.terms[0].total.mean, mean) <= 1e-5)
        #expect(counts[0] != counts[1])
    }
}

/// Full gradients of one batch.
struct GradientFile {
    private let file: SafetensorsFile

    init(_ url: URL) throws {
        file = try SafetensorsFile(mapping: url)
    }

    func values(_ key: String) throws -> [Float]? {
        file.entries[key] == nil ? nil : try Tensor(key, in: file)?.array()
    }
}
