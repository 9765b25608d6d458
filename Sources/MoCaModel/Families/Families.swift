// The families of models that are known, by what their files say.

package import Foundation
import MoCaCore
import MoCaSettings

/// All families. A new one is a folder beside this file, and a line in `all`.
package enum Families {
    private static let all: [any BackboneConfiguration.Type] = [Qwen25VLConfiguration.self]

    /// The names of all families, as people write them.
    static var names: String { all.map { $0.familyName }.joined(separator: " or ") }

    /// Reads a `config.json` as the family that its `model_type` names, or else its `architectures`.
    ///
    /// - Throws: `ModelError.notJSON`, or `.badConfiguration` with everything that is wrong; for an
    ///   unknown family, it lists those that are known.
    package static func configuration(
        parsing data: Data, file: String
    ) throws(ModelError) -> any BackboneConfiguration {
        let section = try Section(modelFile: data, file: file)
        guard let family = family(section) else {
            let known = all.map { "\"\($0.modelType)\"" }.joined(separator: " or ")
            let found = section["model_type"]?.shortDescription ?? "missing"
            throw .badConfiguration(
                file: file,
                problems: [SettingsProblem("model_type", "is \(found), must be \(known)")])
        }
        return try family.init(parsing: data, file: file)
    }

    private static func family(_ section: Section) -> (any BackboneConfiguration.Type)? {
        if let type = section["model_type"]?.string {
            return all.first { $0.modelType == type }
        }
        guard let architectures = section["architectures"]?.array else { return nil }
        return all.first { family in
            family.architectures.contains { architectures.contains(.string($0)) }
        }
    }
}
