import Foundation
import MoCaCore
import MoCaProcessing
import MoCaTestSupport
import Testing
@testable import MoCaEmbedding

/// ColQwen2 in transformers' own class: the same networks under other names, and its own prompts.
struct WrappedModelTests {
    private static let plain = Repository.fixtures.appending(path: "families/colqwen2")

    /// Writes the tiny ColQwen2 as `ColQwen2ForRetrieval` saves it.
    private func wrap(into model: URL) throws {
        try FileManager.default.copyItem(at: Self.plain, to: model)
        let file = model.appending(path: "config.json")
        let inner = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let outer: [String: Any] = [
            "model_type": "colqwen2", "architectures": ["ColQwen2ForRetrieval"],
            "embedding_dim": 16, "vlm_config": inner,
        ]
        try JSONSerialization.data(withJSONObject: outer).write(to: file)
        let weights = model.appending(path: "model.safetensors")
        let data = try Data(contentsOf: weights)
        let size = Int(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let header = try #require(
            JSONSerialization.jsonObject(with: data[8..<8 + size]) as? [String: Any])
        var renamed: [String: Any] = [:]
        for (name, entry) in header {
            let isHead = name.hasPrefix("custom_text_proj.")
            renamed[
                name == "__metadata__"
                    ? name
                    : isHead
                        ? name.replacing("custom_text_proj", with: "embedding_proj_layer")
                        : "vlm." + name] = entry
        }
        var text = try JSONSerialization.data(withJSONObject: renamed)
        while !text.count.isMultiple(of: 8) { text.append(UInt8(ascii: " ")) }
        var written = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        written.append(text)
        written.append(data[(8 + size)...])
        try written.write(to: weights)
    }

    private func difference(_ a: Embedding, _ b: Embedding) -> Float {
        guard a.values.count == b.values.count, a.vectorCount == b.vectorCount else {
            return .infinity
        }
        return zip(a.values, b.values).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func itComputesWithItsOwnPromptsAndPositions() async throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try wrap(into: model)
        let wrapped = try await Embedder(loading: model)
        #expect(wrapped.isMultiVector && wrapped.vectorLength == 16)
        #expect(wrapped.settings.rules.name == "colqwen2_hf")

        // The same rules, written into the contract of the plain checkpoint.
        let other = folder.url.appending(path: "plain")
        try FileManager.default.copyItem(at: Self.plain, to: other)
        let ending = String(repeating: "<|endoftext|>", count: 10)
        let contract: [String: Any] = [
            "positions": "counting", "prompts": ["query": "Query: {text}\(ending)\n"],
        ]
        try JSONSerialization.data(withJSONObject: contract)
            .write(to: other.appending(path: "moca.json"))
        let plain = try await Embedder(loading: other)
        let page = Content.image(Repository.fixtures.appending(path: "image/files/rgb_56x84.png"))
        let query = Content.text("What is on the page?")
        let found = try await wrapped.embed([query], as: .query) + wrapped.embed([page])
        let expected = try await plain.embed([query], as: .query) + plain.embed([page])
        for (found, expected) in zip(found, expected) {
            #expect(difference(found, expected) < 1e-6)
        }
        // Grid positions, as colpali-engine has them, are other vectors.
        let grids = try await Embedder(loading: Self.plain).embed([page])[0]
        #expect(difference(found[1], grids) > 1e-4)
    }

    @Test func aFileWithoutItsBackboneIsRefused() async throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try wrap(into: model)
        try Data(#"{"model_type": "colqwen2"}"#.utf8)
            .write(to: model.appending(path: "config.json"))
        await #expect {
            try await Embedder(loading: model)
        } throws: {
            ($0 as? any UserFacingError)?.oneLine.contains("vlm_config") == true
        }
    }
}
