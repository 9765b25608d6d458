import Foundation
import MoCaCore
import MoCaEmbedding
import Testing
@testable import MoCaEvaluation

/// The vectors that `moca evaluate drift` compares.
struct ProbeSetTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
        try folder.write(
            (0..<12).map { ["id": "r\($0)", "text": "record number \($0)"] }, to: "in.jsonl")
    }

    private func probes(role: Role? = nil) -> ProbeSet {
        ProbeSet(
            records: folder.data.appending(path: "in.jsonl"), images: folder.data,
            output: folder.output, role: role)
    }

    @Test func vectorsAreThoseOfTheEmbedder() async throws {
        let embedder = try await Embedder(loading: BenchmarkFolder.checkpoint)
        let (ids, vectors) = try await probes().vectors(of: embedder, model: "m")
        #expect(ids == (0..<12).map { "r\($0)" })
        for index in [0, 7, 11] {
            let alone = try await embedder.embed([.text("record number \(index)")])[0].values
            #expect(zip(alone, vectors[index]).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test func anInterruptedOneGoesOn() async throws {
        let embedder = try await Embedder(loading: BenchmarkFolder.checkpoint)
        var stopped = probes()
        stopped.isInterrupted = { true }
        let interrupted = stopped
        await #expect(throws: EvaluationError.interrupted(output: folder.output.path, kept: 0)) {
            try await interrupted.vectors(of: embedder, model: "m")
        }
        let first = try await probes().vectors(of: embedder, model: "m").vectors
        #expect(try await probes().vectors(of: embedder, model: "m").vectors == first)
    }

    @Test func aMisspeltRoleIsNamed() async throws {
        let embedder = try await Embedder(loading: BenchmarkFolder.checkpoint)
        let misspelt = probes(role: Role(rawValue: "qeury"))
        do {
            _ = try await misspelt.vectors(of: embedder, model: "m")
            Issue.record("a misspelt role was taken")
        } catch let error as any UserFacingError {
            #expect(error.oneLine.contains("qeury"))
        }
    }
}
