// Parsing that the configuration files of models share.

import Foundation
import MoCaSettings

extension Section {
    /// Parses a file that must contain a JSON object.
    ///
    /// - Parameter file: the name of the file in errors.
    /// - Throws: `ModelError.notJSON`.
    convenience init(modelFile data: Data, file: String) throws(ModelError) {
        let value: JSON
        do {
            value = try JSON(parsing: data)
        } catch {
            throw .notJSON(file: file, reason: String(describing: error))
        }
        guard case .object = value else {
            throw .notJSON(file: file, reason: "it holds \(value.shortDescription), not an object")
        }
        self.init(value, SettingsContext(.json))
    }

    /// An integer from 1 to a limit beyond any model, so that products of a few do not overflow;
    /// required without a `fallback`.
    func count(_ key: String, default fallback: Int? = nil) -> Int {
        let most = 1 << 24
        let value = integer(key, default: fallback)
        guard (1...most).contains(value) else {
            add(key, "is \(value), must be \(value < 1 ? "positive" : "at most \(most)")")
            return 1
        }
        return value
    }
}
