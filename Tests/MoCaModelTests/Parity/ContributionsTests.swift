// What each token adds to a cosine, against the same sum over the states that transformers gave.

import Foundation
import MoCaCore
import Testing
import Torch

@testable import MoCaModel

@Suite struct ContributionsTests {
    private struct Golden: Decodable {
        struct Pair: Decodable {
            let first: Int
            let second: Int
            let dimensions: Int
            let cosine: Double
            let contributions: [[Float]]
        }

        let pairs: [Pair]
    }

    private static func golden() throws -> [Golden.Pair] {
        let file = ModelFixtures.folder.deletingLastPathComponent()
            .appending(path: "heat-map/golden.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file)).pairs
    }

    private func model() throws -> PretrainedModel {
        try PretrainedModel(
            loading: ModelFixtures.folder.appending(path: "checkpoint"),
            LoadOptions(dtype: .float32))
    }

    @Test func partsAreThoseOfTheReferencesStates() throws {
        let model = try model()
        let batch = try GoldenBatch("states_mixed.safetensors")
        let sequences = try batch.input(model.configuration).pieces(tokensMax: 1)
        let width = model.configuration.vectorLength
        for pair in try Self.golden() {
            let settings = PoolingSettings(
                dimensions: pair.dimensions == width ? nil : pair.dimensions)
            let embedder = EmbeddingModel(model.backbone, settings)
            let input = EncoderInput(joining: [sequences[pair.first], sequences[pair.second]])
            let found: [Float] = try #require(
                withoutGradient { embedder.contributions(input) }
            ).array()
            let expected = pair.contributions.flatMap { $0 }
            #expect(found.count == expected.count)
            let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= 1e-5, "\(pair.first), \(pair.second): \(worst)")
            // Vectors of any length have the same cosine, and so the same parts.
            var long = settings
            long.isNormalized = false
            let same: [Float] =
                withoutGradient { EmbeddingModel(model.backbone, long).contributions(input) }?
                .array() ?? []
            #expect(same == found)
        }
    }

    @Test func aStateOfOneTokenIsNoSum() throws {
        let model = try model()
        let input = try GoldenBatch("states_mixed.safetensors").input(model.configuration)
        let pieces = input.pieces(tokensMax: 1)
        let pair = EncoderInput(joining: Array(pieces.prefix(2)))
        let last = EmbeddingModel(model.backbone, PoolingSettings(pooling: .last))
        #expect(withoutGradient { last.contributions(pair) } == nil)
    }
}
