// What must not matter (batch, order, recomputation), and what must (attention mode).

import Foundation
import MoCaCore
import MoCaTestSupport
import NN
import Testing
import Torch

@testable import MoCaModel

@Suite struct InvarianceTests {
    private let folder = ModelFixtures.folder.appending(path: "checkpoint")

    private func embedder(
        _ settings: PoolingSettings = PoolingSettings()
    ) throws -> EmbeddingModel {
        EmbeddingModel(
            try PretrainedModel(loading: folder, LoadOptions(dtype: .float32)).backbone, settings)
    }

    /// The pixels of each sequence of a batch.
    private func pixels(
        _ golden: GoldenBatch, _ sequences: [EncoderInput.Sequence]
    ) throws -> [Tensor?] {
        var first = 0
        return try sequences.map { sequence in
            let count = sequence.grids.reduce(0) { $0 + $1.patchCount }
            defer { first += count }
            return count == 0
                ? nil : try golden.tensor("pixel_values").narrowed(0, first..<first + count)
        }
    }

    @Test(arguments: ["text_lengths", "mixed"])
    func batchEqualsSingleInAnyOrder(name: String) throws {
        let golden = try GoldenBatch("states_\(name).safetensors")
        let model = try embedder()
        let configuration = model.backbone.configuration
        let sequences = try golden.sequences(configuration)
        let pixels = try pixels(golden, sequences)
        let together = withoutGradient { model(try! golden.input(configuration)) }
        var random = RandomSource(seed: 5)
        let order = sequences.indices.shuffled(using: &random)
        let parts = order.compactMap { pixels[$0] }
        let shuffled = try EncoderInput(
            order.map { sequences[$0] }, pixelValues: parts.isEmpty ? nil : .concatenated(parts),
            for: configuration)
        let rows = withoutGradient { model(shuffled) }
        for (place, index) in order.enumerated() {
            let single = try EncoderInput(
                [sequences[index]], pixelValues: pixels[index], for: configuration)
            let alone = withoutGradient { model(single) }.selected(0, 0)
            #expect(largestDifference(alone, together.selected(0, index)) <= 1e-6)
            #expect(largestDifference(rows.selected(0, place), together.selected(0, index)) <= 1e-6)
        }
    }

    @Test(arguments: AttentionMode.allCases)
    func aLaterTokenReachesEarlierStatesOnlyWhenBidirectional(attention: AttentionMode) throws {
        let model = try embedder().backbone
        let ids: [Int32] = [5, 6, 7, 8, 9]
        func hidden(_ ids: [Int32]) throws -> Tensor {
            let input = try EncoderInput(
                [.init(ids: ids)], pixelValues: nil, for: model.configuration)
            return withoutGradient { model(input, attention: attention).hidden }
        }
        let before = try hidden(ids).narrowed(0, 0..<4)
        let after = try hidden(ids.dropLast() + [100]).narrowed(0, 0..<4)
        let difference = largestDifference(before, after)
        #expect(attention == .causal ? difference == 0 : difference > 1e-3)
    }

    @Test(arguments: [ActivationCheckpointing.selective, .full])
    func recomputedLayersGiveEqualGradients(checkpointing: ActivationCheckpointing) throws {
        let golden = try GoldenBatch("states_mixed.safetensors")
        func gradients(_ checkpointing: ActivationCheckpointing) throws -> [String: Tensor] {
            let model = try PretrainedModel(
                loading: folder, LoadOptions(dtype: .float32, isTrainable: true))
            var backbone = model.backbone
            backbone.checkpointing = checkpointing
            let input = try golden.input(model.configuration)
            let vectors = EmbeddingModel(backbone, PoolingSettings())(input)
            var random = RandomSource(seed: 1)
            (vectors * Tensor.normal(vectors.shape, using: &random)).sum().backward()
            return model.store.tensors.compactMapValues(\.gradient)
        }
        let plain = try gradients(.none)
        let again = try gradients(checkpointing)
        #expect(Set(plain.keys) == Set(again.keys))
        #expect(plain.count > 50)
        for (key, gradient) in plain {
            let scale = max(1, gradient.array(Float.self).map(abs).max() ?? 1)
            #expect(largestDifference(gradient, again[key]!) <= 1e-5 * scale, "\(key)")
        }
    }

    @Test func windowsOfManyImagesAreTheSameTogetherAndAlone() throws {
        let model = try #require(try embedder().backbone as? Qwen25VL)
        var random = RandomSource(seed: 2)
        let patch = model.configuration.inputRules.patch
        let tower = model.visual
        let sizes = [(4, 6), (18, 34), (2, 2), (16, 16), (20, 8), (18, 34)]
        let grids = sizes.map { ImageGrid(t: 1, h: $0.0, w: $0.1) }
        let parts = grids.map {
            Tensor.normal([$0.patchCount, patch.valueCount], using: &random)
        }
        func features(_ grids: [ImageGrid], _ pixels: Tensor) -> Tensor {
            let plan = VisionPlan(
                tower.windows.layout(ofChecked: grids), mergeUnit: patch.mergeUnit, device: .cpu)
            return withoutGradient { tower(pixels, plan, model.memory, observe: nil) }
        }
        let together = features(grids, .concatenated(parts))
        let alone = Tensor.concatenated(zip(grids, parts).map { features([$0], $1) })
        let scale = max(1, alone.array(Float.self).map(abs).max() ?? 1)
        #expect(largestDifference(together, alone) <= 1e-5 * scale)
    }
}
