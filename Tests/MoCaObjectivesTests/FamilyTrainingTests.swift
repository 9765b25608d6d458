import Foundation
import MoCaCore
import MoCaModel
import MoCaTestSupport
import MoCaTraining
import NN
import Testing
import Torch

@testable import MoCaObjectives

/// Both objectives on other families than Qwen2.5-VL, made bidirectional: losses and every gradient
/// of PyTorch's (`scripts/fixtures/families_training.py`).
@Suite struct FamilyTrainingTests {
    private static let folder = Repository.fixtures.appending(path: "families-training")
    static let families = ["qwen2_vl", "qwen3_vl"]

    private static func model(
        _ family: String, _ purpose: CheckpointRules.Purpose
    ) throws -> PretrainedModel {
        try PretrainedModel(
            loading: folder.appending(path: family),
            LoadOptions(dtype: .float32, purpose: purpose, isTrainable: true))
    }

    private static func batch(
        _ name: String, _ family: String, _ model: PretrainedModel
    ) throws -> ReplayBatch {
        try ReplayBatch(
            reading: folder.appending(path: "\(family)/\(name).safetensors"),
            for: model.configuration)
    }

    private static func expected(
        _ name: String, _ family: String
    ) throws -> ObjectiveFixtures.Expected {
        try #require(
            ObjectiveFixtures.expected(in: folder.appending(path: family))[name])
    }

    @Test(arguments: families, [ActivationCheckpointing.none, .full])
    func reconstruction(family: String, checkpointing: ActivationCheckpointing) throws {
        let expected = try Self.expected("pretrain", family)
        let model = try Self.model(family, .pretraining)
        var reconstruction = try #require(model.reconstruction)
        reconstruction.backbone.checkpointing = checkpointing
        let objective = ReconstructionObjective(reconstruction, .init(maeWeight: 0.1))
        let batch = try Self.batch("pretrain", family, model).reconstruction()
        let result = Replay(model).run(objective, batch)
        #expect(difference(result.loss, expected.loss) <= 1e-5)
        #expect(difference(result.maeLoss ?? .nan, expected.maeLoss ?? .nan) <= 1e-5)
        try ObjectiveFixtures.expectGradients(model, expected)
    }

    @Test(arguments: families)
    func contrastive(family: String) throws {
        let expected = try Self.expected("contrastive", family)
        let model = try Self.model(family, .embedding)
        let objective = ContrastiveObjective(
            EmbeddingModel(model.backbone, PoolingSettings()), .init(temperature: 0.03))
        let batch = try Self.batch("contrastive", family, model).contrastive()
        let result = Replay(model).run(objective, batch)
        #expect(difference(result.loss, expected.loss) <= 2e-5)
        try ObjectiveFixtures.expectGradients(model, expected)
    }
}
