import MoCaCore
import MoCaModel
import Testing
import Torch

@testable import MoCaObjectives

/// What is drawn is what the loss is computed from.
@Suite struct PatchReconstructionTests {
    /// A picture of 4 x 4 patches, four image tokens, between its markers.
    private func sequence(
        _ configuration: any BackboneConfiguration
    ) -> EncoderInput.Sequence {
        EncoderInput.Sequence(
            ids: configuration.inputRules.imageBlock(tokenCount: 4),
            grids: [ImageGrid(t: 1, h: 4, w: 4)])
    }

    private func masking(_ model: ReconstructionModel, _ ratio: Double) -> Masking {
        Masking(
            .init(mlmRatio: 0, maeRatio: ratio),
            maskToken: model.backbone.configuration.inputRules.imageToken, specialTokens: [])
    }

    private func patches(_ pixels: [Float]) -> PatchPixels {
        PatchPixels(values: Tensor(pixels, shape: [16, pixels.count / 16]))
    }

    private func pixels(_ model: ReconstructionModel) -> [Float] {
        (0..<16 * model.backbone.configuration.inputRules.patch.valueCount).map {
            Float(($0 * 37) % 101) / 50 - 1
        }
    }

    @Test func errorIsTheLossOfPatches() throws {
        let model = try #require(try ObjectiveFixtures.model().reconstruction)
        let configuration = model.backbone.configuration
        let (sequence, pixels) = (sequence(configuration), pixels(model))
        let masking = masking(model, 0.5)
        var random = RandomSource(seed: 5)
        let result = try model.reconstruct(
            sequence, pixels: patches(pixels), masking: masking, using: &random)
        #expect(!result.maskedGroups.isEmpty && result.maskedGroups.count < 4)
        #expect(result.maskedGroups == result.maskedGroups.sorted())
        #expect(
            result.predictions.count
                == result.maskedGroups.count * 4 * configuration.inputRules.patch.valueCount)

        var again = RandomSource(seed: 5)
        let batch = try masking.corrupt(
            [sequence], pixels: patches(pixels), for: configuration, using: &again)
        let terms = ReconstructionObjective(model, .init(maeWeight: 1))
            .step([batch], over: SingleProcess())
        let loss = try #require(terms.terms.first { $0.name == "mae_loss" }).total
        let error = try #require(result.meanSquaredError)
        #expect(abs(error - loss.sum / Double(loss.count)) <= 1e-5 * error)
    }

    @Test func baselineIsTheMeanOfTheVisiblePatches() throws {
        let model = try #require(try ObjectiveFixtures.model().reconstruction)
        let width = model.backbone.configuration.inputRules.patch.valueCount
        let pixels = pixels(model)
        var random = RandomSource(seed: 5)
        let result = try model.reconstruct(
            sequence(model.backbone.configuration), pixels: patches(pixels),
            masking: masking(model, 0.5), using: &random)
        let masked = Set(result.maskedGroups.flatMap { $0 * 4..<($0 + 1) * 4 })
        let visible = (0..<16).filter { !masked.contains($0) }
        var sum = 0.0
        for column in 0..<width {
            let mean =
                visible.reduce(0) { $0 + Double(pixels[$1 * width + column]) }
                / Double(visible.count)
            for patch in masked {
                let difference = Double(pixels[patch * width + column]) - mean
                sum += difference * difference
            }
        }
        let expected = sum / Double(masked.count * width)
        #expect(abs(try #require(result.baselineError) - expected) <= 1e-5 * expected)
    }

    @Test func nothingAndEverythingMayBeMasked() throws {
        let model = try #require(try ObjectiveFixtures.model().reconstruction)
        let sequence = sequence(model.backbone.configuration)
        var random = RandomSource(seed: 1)
        let none = try model.reconstruct(
            sequence, pixels: patches(pixels(model)), masking: masking(model, 0), using: &random)
        #expect(none.maskedGroups.isEmpty && none.meanSquaredError == nil)
        let all = try model.reconstruct(
            sequence, pixels: patches(pixels(model)), masking: masking(model, 1), using: &random)
        #expect(all.maskedGroups == [0, 1, 2, 3] && all.baselineError == nil)
        #expect(all.meanSquaredError != nil)
    }
}
