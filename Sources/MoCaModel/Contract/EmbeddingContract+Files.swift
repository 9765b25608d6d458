// moca.json of a model's folder: the one place that reads the file.

package import Foundation

extension EmbeddingContract {
    /// The contract of a model's folder; nil where it has none.
    ///
    /// - Parameter vectorLength: what the model's vectors have, where that is known.
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
