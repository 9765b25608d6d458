// Parts of cosines of contents, summed against the vectors that the embedder gives.

import Foundation
import MoCaCore
import MoCaProcessing
import Testing
import Torch
@testable import MoCaEmbedding

@Suite struct TokenMatchTests {
    private static let pictures = modelFixtures.deletingLastPathComponent()
        .appending(path: "image/files")
    private static let contents: [Content] = [
        .text("a ship near the mountain"), .text("x"),
        .image(pictures.appending(path: "rgb_56x84.png")),
        Content([
            .text("The picture "), .image(.file(pictures.appending(path: "jpeg_420.jpg"))),
            .text(" and "), .image(.file(pictures.appending(path: "rgb_56x84.png"))),
            .text(" of a train"),
        ]),
    ]

    private func embedder(
        _ model: URL = checkpoint, _ change: (inout EmbedderOptions) -> Void = { _ in }
    ) async throws -> Embedder {
        var options = EmbedderOptions()
        options.dtype = .float32
        change(&options)
        return try await Embedder(loading: model, options: options)
    }

    /// A content without a prompt.
    private func plain(_ content: Content) -> PromptedContent {
        PromptedContent(content: content, role: nil)
    }

    private func expectSums(_ embedder: Embedder) async throws {
        for first in Self.contents {
            for second in Self.contents {
                let match = try await embedder.match(plain(first), plain(second))
                // One at a time, as anybody would embed them.
                let vectors = [
                    try await embedder.embed([first])[0], try await embedder.embed([second])[0],
                ]
                let norms = vectors.map { $0.similarity(to: $0).squareRoot() }
                let cosine = vectors[0].similarity(to: vectors[1]) / (norms[0] * norms[1])
                for side in [match.first, match.second] {
                    #expect(abs(side.contributions.reduce(0, +) - cosine) <= 1e-5)
                    #expect(side.contributions.count == side.outline.ids.count)
                }
                #expect(abs(match.cosine - cosine) <= 1e-5)
                #expect(match.first.outline.images == first.images)
            }
        }
    }

    @Test func partsSumToTheCosine() async throws {
        try await expectSums(try await embedder())
        try await expectSums(
            try await embedder {
                ($0.dimensions, $0.isNormalized) = (7, false)
            })
    }

    @Test func anAdapterIsPartOfTheModel() async throws {
        let adapter = modelFixtures.deletingLastPathComponent()
            .appending(path: "adapters/released")
        let base = modelFixtures.appending(path: "checkpoint")
        let adapted = try await embedder(base) { $0.adapter = adapter }
        try await expectSums(adapted)
        let (a, b) = (Self.contents[0], Self.contents[3])
        let unadapted = try await embedder(base).match(plain(a), plain(b))
        let other = try await adapted.match(plain(a), plain(b))
        #expect(abs(unadapted.cosine - other.cosine) > 1e-3)
    }

    @Test func lastTokenPoolingIsRefused() async throws {
        let embedder = try await embedder { $0.pooling = .last }
        do {
            _ = try await embedder.match(plain(Self.contents[0]), plain(Self.contents[1]))
            Issue.record("the state of one token was decomposed")
        } catch let error as EmbeddingError {
            #expect(error.kind == .badConfiguration)
            #expect(
                error.oneLine == """
                    similarity is no sum over tokens (pooling 'last'): a vector is the state of one \
                    token, which has seen all the others; use a model with mean pooling, or \
                    set pooling to mean
                    """)
        }
    }

    @Test func aPictureThatIsNotThereIsNamed() async throws {
        let missing = Content.image(Self.pictures.appending(path: "nothing.png"))
        let embedder = try await embedder()
        let error = try await #require(throws: EmbeddingError.self) {
            try await embedder.match(plain(Self.contents[0]), plain(missing))
        }
        #expect(error.oneLine.contains("nothing.png"))
    }
}
