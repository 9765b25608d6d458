// What config.json declares beside the sizes of the model: for which embedder it was made.

package import Foundation
import MoCaSettings

/// The declarations of a `config.json` that tell an embedder's checkpoint from its backbone's.
package struct ModelDeclaration: Sendable, Hashable {
    /// The value of `model_type`.
    package var modelType: String
    /// The values of `architectures`.
    package var architectures: [String]
    /// The integers at the top of the file, such as `max_image_tokens`.
    package var integers: [String: Int]

    package init(modelType: String, architectures: [String] = [], integers: [String: Int] = [:]) {
        self.modelType = modelType
        self.architectures = architectures
        self.integers = integers
    }

    /// Reads `config.json` of a model's folder.
    ///
    /// - Throws: `ModelError.missingFile`, `.isAdapter`, `.unreadable`, `.notJSON`.
    package init(of folder: URL) throws(ModelError) {
        let url = try PretrainedModel.configurationFile(in: folder)
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw .unreadable(file: url.path, reason: error.localizedDescription)
        }
        let section = try Section(modelFile: data, file: url.path)
        modelType = section["model_type"]?.string ?? ""
        architectures = section["architectures"]?.array?.compactMap(\.string) ?? []
        integers = [:]
        for key in section.keys {
            if case .integer(let value)? = section[key] { integers[key] = value }
        }
    }
}
