// Configurations of transformers' late-interaction classes, which hold that of a backbone.

import Foundation
import MoCaCore
import MoCaSettings

/// A `config.json` with the configuration of its backbone under `vlm_config`, as that of
/// `ColQwen2ForRetrieval`.
enum WrappedBackbone {
    private static let modelTypes: Set<String> = ["colqwen2"]
    private static let key = "vlm_config"

    /// The configuration of the backbone; nil if the file is not of such a class.
    ///
    /// - Throws: `ModelError.notJSON`, `.badConfiguration` for a file without it.
    static func configuration(in data: Data, file: String) throws(ModelError) -> Data? {
        let section = try Section(modelFile: data, file: file)
        guard let type = section["model_type"]?.string, modelTypes.contains(type) else {
            return nil
        }
        guard let inner = section[key]?.object else {
            throw .badConfiguration(
                file: file,
                problems: [SettingsProblem(key, "is missing, must be the backbone's configuration")]
            )
        }
        do {
            return try JSONFormat.line.data(JSON.object(inner))
        } catch {
            throw .notJSON(file: file, reason: error.localizedDescription)
        }
    }
}
