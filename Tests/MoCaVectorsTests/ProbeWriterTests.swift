import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaModel
import MoCaTestSupport
import Testing
import Torch
@testable import MoCaVectors

/// Written probes can be read again and verified.
struct ProbeWriterTests {
    private static let biqwen = Repository.fixtures.appending(path: "families/biqwen2_5")

    private static func embedder(_ folder: URL) async throws -> Embedder {
        var options = EmbedderOptions()
        options.dtype = .float32
        return try await Embedder(loading: folder, options: options)
    }

    private func verify(_ model: URL) async throws -> EmbeddingContract {
        let embedder = try await Self.embedder(model)
        let written = try await ProbeWriter(embedder).contract()
        let file = model.appending(path: "moca.json")
        try written.fileData().write(to: file)
        let again = try await Self.embedder(model)
        let contract = try #require(
            try EmbeddingContract(of: model, vectorLength: again.vectorLength))
        let check = try await ProbeCheck(contract.probes, embedder: again, file: file.path)
        #expect(check.probes == written.probes.count && check.differing == 0)
        return contract
    }

    /// Roles of a preset are not in `prompts`, and pages have no text beside them.
    @Test func probesOfAnEmbedderOfPages() async throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.biqwen, to: model)
        let contract = try await verify(model)
        #expect(contract.probes.count == 3)
        #expect(contract.probes.allSatisfy { $0.role == nil })
    }

    @Test func promptsOfTheContractHaveAProbeEach() async throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.biqwen, to: model)
        try Data(#"{"prompts": {"query": "Find: {text}"}}"#.utf8)
            .write(to: model.appending(path: "moca.json"))
        let contract = try await verify(model)
        #expect(contract.probes.filter { $0.role == .query }.count == 1)
        #expect(contract.probes.count == 4)
    }
}
