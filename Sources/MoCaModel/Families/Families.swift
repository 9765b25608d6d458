// The known model families, identified by their files.

package import Foundation
import MoCaCore
import MoCaSettings

/// All families. To add one, add a folder beside this file and an entry in `all`.
package enum Families {
    private static let all: [any BackboneConfiguration.Type] = [Qwen25VLConfiguration.self]

    /// The display names of all families.
    static var names: String { all.map { $0.familyName }.joined(separator: " or ") }

    /// Reads a `config.json` as the family given by its `model_type`, or else by its
    /// `architectures`.
    ///
    /// - Throws: `ModelError.notJSON`, or `.badConfiguration` with everything that is wrong; for
    ///   an unknown family, it lists the known ones.
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
