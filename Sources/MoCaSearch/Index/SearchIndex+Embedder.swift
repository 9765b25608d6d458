// The embedder of an index's queries.

package import Foundation
package import MoCaEmbedding
import MoCaVectors

extension SearchIndex {
    /// Loads the model that made the index, with the index's settings.
    ///
    /// - Parameters:
    ///   - folder: the model's folder; nil uses the folder that the index was made from.
    ///   - options: the device, the type and the threads; other options are replaced.
    /// - Throws: `SearchError.otherModel`, the errors of loading.
    package func embedder(
        model folder: URL? = nil, options: EmbedderOptions
    ) async throws -> Embedder {
        var options = options
        manifest.settings.apply(to: &options)
        let folder = folder ?? URL(fileURLWithPath: manifest.model.folder, isDirectory: true)
        try require(ModelIdentity(of: folder, options))
        return try await Embedder(loading: folder, options: options)
    }
}
