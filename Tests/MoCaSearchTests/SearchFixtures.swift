import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import MoCaVectors
@testable import MoCaSearch

extension TemporaryFolder {
    /// Copies a picture of the fixtures below the folder.
    func copyPicture(_ name: String, to path: String) throws {
        let source = Fixtures.folder.appending(path: "image/files/\(name)")
        try write("", to: path)
        try Data(contentsOf: source).write(to: url.appending(path: path))
    }
}

enum Fixtures {
    static let folder = Repository.fixtures
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
