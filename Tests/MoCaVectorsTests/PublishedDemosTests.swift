import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Testing
@testable import MoCaVectors

/// Published similarities are found by a checkpoint's rules, and compared where the inputs are texts.
struct PublishedDemosTests {
    private static let folder = Repository.fixtures.appending(path: "families/qwen3_vl_embedding")

    @Test func theListIsWellFormed() throws {
        let demos = try PublishedDemos()
        #expect(Set(demos.checkpoints.map(\.name)).count == demos.checkpoints.count)
        for demo in demos.checkpoints.flatMap(\.demos) {
            #expect(demo.tolerance > 0 && !demo.source.isEmpty)
            for pair in demo.similarities {
                #expect(pair.inputs.count == 2)
                #expect(pair.inputs.allSatisfy(demo.inputs.indices.contains))
                #expect((-1...1).contains(pair.value))
            }
            for input in demo.inputs { #expect(!input.name.isEmpty) }
        }
    }

    /// A tiny model of the same rules has other vectors than the published one.
    @Test func similaritiesAreThoseOfTheEmbedder() async throws {
        let embedder = try await Embedder(loading: Self.folder)
        let json = """
            {"checkpoints": [{"name": "a/b", "embedder": "qwen3_vl_embedding",
              "vector_length": \(embedder.vectorLength), "demos": [{"source": "here",
              "dtype": "bfloat16", "tolerance": 0.01, "inputs": [{"text": "a house",
              "instruction": "Find it"}, {"text": "a boat"}, {"image": "x.jpg"}],
              "similarities": [{"inputs": [0, 1], "value": 2}, {"inputs": [0, 2], "value": 0.1}]
            }]}]}
            """
        let demos = try JSONDecoder().decode(PublishedDemos.self, from: Data(json.utf8))
        let found = demos.checkpoints(of: embedder)
        #expect(found.map(\.name) == ["a/b"])
        let check = try await PublishedCheck(found[0], embedder: embedder)
        let vectors = try await embedder.embed([
            Content([.text("a house")], instruction: "Find it"), .text("a boat"),
        ])
        let expected = vectors[0].similarity(to: vectors[1])
        let computed = try #require(check.rows[0].computed)
        #expect(abs(computed - expected) < 1e-5)
        #expect(check.rows[0].difference == computed - 2)
        #expect(check.rows[1].computed == nil && check.rows[1].difference == nil)
        #expect(check.computedCount == 1)
        #expect(check.differingCount == 1)
        #expect(check.lines.count == 4)
        #expect(check.lines[3].contains("its image is not part of this program"))
        // The models of the list are of other sizes.
        #expect(try PublishedDemos().checkpoints(of: embedder).isEmpty)
    }
}
