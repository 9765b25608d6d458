import Foundation
import MoCaCore
import MoCaTestSupport
import NN
import Testing
import Torch

@testable import MoCaModel

/// Low-rank adapters of all projections learn, through the images too.
@Suite struct MllamaTrainingTests {
    private static let folder = Repository.fixtures.appending(path: "families/mme5")

    /// A text, an image before a text, and a text before two images.
    private static func input(_ model: PretrainedModel) throws -> EncoderInput {
        let image = model.configuration.inputRules.imageToken
        let (small, large) = (
            ImagePlan.canvas(ImageCanvas(rows: 1, columns: 1, side: 2)),
            ImagePlan.canvas(ImageCanvas(rows: 2, columns: 2, side: 2))
        )
        var random = RandomSource(seed: 1, name: "pixels")
        let values = Tensor.normal([4 + 4 + 16, 588], deviation: 1, using: &random)
        return try EncoderInput(
            [
                .init(ids: [300, 5, 6]), .init(ids: [image, 300, 7, 8], plans: [small]),
                .init(ids: [300, 9, image, image, 10], plans: [small, large]),
            ], pixelValues: values, for: model.configuration)
    }

    private static func gradients(
        _ checkpointing: ActivationCheckpointing
    ) throws -> [String: Tensor] {
        var settings = AdapterSettings(
            targets: .suffixes(["q_proj", "k_proj", "v_proj", "o_proj", "projector", "fc1"]))
        (settings.rank, settings.alpha) = (2, 4)
        let model = try PretrainedModel(
            loading: folder, LoadOptions(isTrainable: true, adapter: .fresh(settings, seed: 3)))
        // The second factor of a fresh adapter is zero, which hides the first one's gradient.
        for (key, tensor) in model.store.trainableParameters {
            var random = RandomSource(seed: 4, name: key)
            tensor.assign(.normal(tensor.shape, deviation: 0.3, using: &random))
        }
        var backbone = model.backbone
        backbone.checkpointing = checkpointing
        let vectors = EmbeddingModel(
            backbone, PoolingSettings(attention: .causal, pooling: .last))(try input(model))
        let loss = vectors.narrowed(0, 0..<1).matmul(
            vectors.narrowed(0, 1..<3).sum([0], keepingAxes: true).transposed(0, 1))
        loss.sum().backward()
        return Dictionary(
            uniqueKeysWithValues: try model.store.trainableParameters.map { key, tensor in
                (key, try #require(tensor.gradient, "\(key)"))
            })
    }

    @Test func everyAdapterLearnsAndRecomputingChangesNothing() throws {
        let plain = try Self.gradients(.none)
        let towers = plain.filter { $0.key.hasPrefix("visual.") }
        #expect(towers.count > 20 && plain.contains { $0.key.contains("cross_attn.k_proj") })
        for (key, gradient) in plain {
            let values: [Float] = gradient.array()
            #expect(values.contains { $0 != 0 } && values.allSatisfy(\.isFinite), "\(key)")
        }
        for checkpointing in [ActivationCheckpointing.selective, .full] {
            let again = try Self.gradients(checkpointing)
            for (key, gradient) in plain {
                let (a, b): ([Float], [Float]) = (
                    gradient.array(), try #require(again[key]).array()
                )
                let worst = zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
                let scale = a.map(abs).max() ?? 0
                #expect(worst <= 1e-5 * scale + 1e-9, "\(key)")
            }
        }
    }

    /// Pieces of a batch give the vectors of the whole, and images count as tokens of a piece.
    @Test func aBatchIsSplitByItsVectors() throws {
        let model = try PretrainedModel(loading: Self.folder, LoadOptions())
        let input = try Self.input(model)
        #expect(input.vectorsAnImage == 20)
        #expect(input.pieces(tokensMax: 27).map(\.sequenceCount) == [2, 1])
        let embed = EmbeddingModel(
            model.backbone, PoolingSettings(attention: .causal, pooling: .last))
        let whole: [Float] = withoutGradient { embed(input).array() }
        let parts: [Float] = input.pieces(tokensMax: 1).flatMap { piece -> [Float] in
            withoutGradient { embed(piece).array() }
        }
        #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 1e-6 })
        let joined = EncoderInput(joining: input.pieces(tokensMax: 1))
        #expect(joined.vectorsAnImage == 20 && joined.imageTokens == input.imageTokens)
    }
}
