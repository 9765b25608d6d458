import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
@testable import MoCaEvaluation

/// A folder of sets and scores that is removed with the value.
final class BenchmarkFolder: Sendable {
    private let folder: TemporaryFolder
    var url: URL { folder.url }
    var data: URL { url.appending(path: "data") }
    var output: URL { url.appending(path: "output") }

    static let fixtures = Repository.fixtures
    static let checkpoint = fixtures.appending(path: "model/checkpoint_newer")

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            at: url.appending(path: "data"), withIntermediateDirectories: true)
    }

    /// Writes a file of lines of JSON below `data`.
    func write(_ records: [[String: any Sendable]], to path: String) throws {
        let file = data.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        var lines = Data()
        for record in records {
            lines.append(try JSONSerialization.data(withJSONObject: record))
            lines.append(UInt8(ascii: "\n"))
        }
        try lines.write(to: file)
    }

    /// A run over `data` with the tiny checkpoint.
    func run(model: URL = checkpoint, data: URL? = nil) async throws -> EvaluationRun {
        EvaluationRun(
            embedder: try await Embedder(loading: model), model: "tiny", data: data ?? self.data,
            output: output)
    }

    /// The only folder of kept vectors.
    var cache: URL {
        get throws {
            let root = output.appending(path: "cache")
            let names = try FileManager.default.contentsOfDirectory(atPath: root.path)
            precondition(names.count == 1, "one folder of vectors")
            return root.appending(path: names[0])
        }
    }

    /// What a file of JSON holds.
    func json(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: output.appending(path: path))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}

/// Scores from single embeddings, summed one number after the other.
struct PlainScores {
    let embedder: Embedder

    func callAsFunction(
        _ query: Content, _ others: [Content], as roles: (Role?, Role?) = (nil, nil)
    ) async throws -> [Double] {
        let vector = try await embedder.embed([query], as: roles.0)[0].values
        var scores: [Double] = []
        for other in others {
            let values = try await embedder.embed([other], as: roles.1)[0].values
            scores.append(zip(vector, values).reduce(0) { $0 + Double($1.0) * Double($1.1) })
        }
        return scores
    }
}
