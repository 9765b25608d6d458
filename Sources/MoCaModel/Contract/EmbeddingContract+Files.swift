// Reads moca.json from a model's folder.

package import Foundation

extension EmbeddingContract {
    /// Reads the contract of a model's folder; nil if it has none.
    ///
    /// - Parameter vectorLength: the number of components of the model's vectors, if known.
    /// - Throws: `ModelError.unreadable`, `.notJSON`, `.badContract`.
    package init?(of folder: URL, vectorLength: Int? = nil) throws(ModelError) {
        let url = folder.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw .unreadable(file: url.path, reason: error.localizedDescription)
        }
        try self.init(parsing: data, file: url.path, vectorLength: vectorLength)
    }
}
