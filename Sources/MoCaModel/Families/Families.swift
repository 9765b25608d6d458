// The families of models that are known, by what their files say.

package import Foundation
import MoCaCore

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
        let value = try JSONValue(parsing: data, file: file)
        guard case .object(let object) = value else {
            throw .notJSON(file: file, reason: "it holds \(value.shortDescription), not an object")
        }
        guard let family = family(object) else {
            let known = all.map { "\"\($0.modelType)\"" }.joined(separator: " or ")
            let found = object["model_type"].map { $0 == .null ? "missing" : $0.shortDescription }
            throw .badConfiguration(
                file: file,
                problems: [
                    ConfigurationProblem(
                        "model_type", "is \(found ?? "missing"), must be \(known)")
                ])
        }
        return try family.init(parsing: data, file: file)
    }

    private static func family(
        _ object: [String: JSONValue]
    ) -> (any BackboneConfiguration.Type)? {
        if case .string(let type)? = object["model_type"] {
            return all.first { $0.modelType == type }
        }
        guard case .array(let architectures)? = object["architectures"] else { return nil }
        return all.first { family in
            family.architectures.contains { architectures.contains(.string($0)) }
        }
    }
}
