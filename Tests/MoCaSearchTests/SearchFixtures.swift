import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaVectors
@testable import MoCaSearch

/// A folder that is removed with the value.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url =
            FileManager.default.temporaryDirectory
            .appending(path: "moca-search-\(UUID().uuidString)", directoryHint: .isDirectory)
            .standardizedFileURL
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a text below the folder.
    func write(_ text: String, to path: String) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Copies a picture of the fixtures below the folder.
    func copyPicture(_ name: String, to path: String) throws {
        let source = Fixtures.folder.appending(path: "image/files/\(name)")
        try write("", to: path)
        try Data(contentsOf: source).write(to: url.appending(path: path))
    }
}

enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
    static let checkpoint = folder.appending(path: "model/checkpoint_newer")

    /// A builder with the tiny checkpoint, or a copy of it.
    static func builder(
        _ index: URL, model: URL = checkpoint, options: EmbedderOptions = EmbedderOptions()
    ) async throws -> IndexBuilder {
        IndexBuilder(
            folder: index, embedder: try await Embedder(loading: model, options: options),
            model: try ModelIdentity(of: model, options), settings: VectorSettings(options))
    }
}
