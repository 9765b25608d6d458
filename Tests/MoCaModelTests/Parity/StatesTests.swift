// The numeric ladder: every state along the forward pass against plain transformers, float32.

import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
import Torch

@testable import MoCaModel

@Suite struct StatesTests {
    static let batches = ["text", "text_lengths", "image", "interleaved", "mixed"]

    private func load(
        _ options: LoadOptions = LoadOptions(dtype: .float32)
    ) throws -> PretrainedModel {
        try PretrainedModel(
            loading: ModelFixtures.folder.appending(path: "checkpoint"), options)
    }

    @Test(arguments: batches)
    func everyStateIsTheReferences(name: String) throws {
        let golden = try GoldenBatch("states_\(name).safetensors")
        let model = try load()
        let input = try golden.input(model.configuration)
        #expect(input.positions == (try golden.tensor("position_ids").array(Int32.self)))
        var seen: Set<String> = []
        _ = try withoutGradient {
            try catchingTorchErrors {
                model.backbone(input, attention: .bidirectional) { name, state in
                    seen.insert(name)
                    guard let expected = try? golden.tensor(name) else {
                        Issue.record("no golden state \(name)")
                        return
                    }
                    // States grow along the layers; the tolerance is relative to their size.
                    let scale = max(1, expected.array(Float.self).map(abs).max() ?? 1)
                    #expect(largestDifference(state, expected) <= 1e-5 * scale, "\(name)")
                }
            }
        }
        #expect(seen == Set(golden.stateNames.filter { $0 != "text.final.causal" }))
    }

    @Test(arguments: batches)
    func causalStatesAreTheReferences(name: String) throws {
        let golden = try GoldenBatch("states_\(name).safetensors")
        let model = try load()
        let input = try golden.input(model.configuration)
        let hidden = withoutGradient { model.backbone(input, attention: .causal).hidden }
        #expect(largestDifference(hidden, try golden.tensor("text.final.causal")) <= 1e-4)
    }

    @Test(arguments: batches)
    func embeddingsAreTheReferences(name: String) throws {
        let golden = try GoldenBatch("states_\(name).safetensors")
        let model = try load()
        let input = try golden.input(model.configuration)
        let settings: [(String, AttentionMode, PoolingMode)] = [
            ("embedding.mean", .bidirectional, .mean), ("embedding.last", .bidirectional, .last),
            ("embedding.causal_mean", .causal, .mean), ("embedding.causal_last", .causal, .last),
        ]
        for (key, attention, pooling) in settings {
            let embedder = EmbeddingModel(
                model.backbone, PoolingSettings(attention: attention, pooling: pooling))
            let vectors = withoutGradient { embedder(input) }
            #expect(largestDifference(vectors, try golden.tensor(key)) <= 1e-5, "\(key)")
        }
    }

    @Test(arguments: [DType.bfloat16, .float16], batches)
    func halfPrecisionPointsTheSameWay(dtype: DType, name: String) throws {
        let golden = try GoldenBatch("states_\(name).safetensors")
        let model = try load(LoadOptions(dtype: dtype))
        let input = try golden.input(model.configuration)
        let vectors = withoutGradient { EmbeddingModel(model.backbone, PoolingSettings())(input) }
        #expect(vectors.dtype == .float32)
        for key in ["embedding.mean", "embedding.mean.bfloat16"] {
            let cosines: [Float] = (vectors * (try golden.tensor(key))).sum([1]).array()
            #expect(cosines.allSatisfy { $0 >= 0.999 }, "\(key) \(cosines)")
        }
    }

    @Test func pooledVectorsAreCutBeforeTheyAreNormalised() throws {
        let golden = try GoldenBatch("states_text.safetensors")
        let model = try load()
        let input = try golden.input(model.configuration)
        let whole = withoutGradient { EmbeddingModel(model.backbone, PoolingSettings())(input) }
        let cut = withoutGradient {
            EmbeddingModel(model.backbone, PoolingSettings(dimensions: 8))(input)
        }
        let part = whole.narrowed(1, 0..<8)
        let expected = part / part.norm(1, keepingAxes: true)
        #expect(largestDifference(cut, expected) <= 1e-6)
        let raw = withoutGradient {
            EmbeddingModel(model.backbone, PoolingSettings(isNormalized: false))(input)
        }
        #expect(largestDifference(raw / raw.norm(1, keepingAxes: true), whole) <= 1e-6)
    }
}
