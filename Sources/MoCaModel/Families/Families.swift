// The known model families, identified by their files.

package import Foundation
import MoCaCore
import MoCaSettings

/// All families. To add one, add a folder beside this file and an entry in `all`.
package enum Families {
    private static let all: [any BackboneConfiguration.Type] = [
        Qwen25VLConfiguration.self, Qwen2VLConfiguration.self, Qwen3VLConfiguration.self,
        LlavaNextConfiguration.self, Phi3VConfiguration.self, MllamaConfiguration.self,
    ]

    /// The stored prefixes of all families, longest first, so that a prefix of one family does not
    /// hide a longer one of another.
    static let keyRules: KeyRules = {
        var known: [String: String] = [:]
        for (stored, canonical) in all.flatMap({ $0.keyRules.read }) { known[stored] = canonical }
        let sorted = known.sorted { ($1.key.count, $0.key) < ($0.key.count, $1.key) }
        return KeyRules(read: sorted.map { (stored: $0.key, canonical: $0.value) })
    }()

    /// The display names of all families.
    static var names: String { listing(all.map { $0.familyName }) }

    /// The display names of the families that can be pre-trained.
    static var pretrainedNames: String {
        listing(all.filter { $0.supportsReconstruction }.map { $0.familyName })
    }

    /// The values of `architectures` of the family with a `model_type`; empty if there is none.
    package static func architectures(modelType: String) -> [String] {
        all.first { $0.modelType == modelType }?.architectures ?? []
    }

    /// Reads a `config.json` as the family given by its `model_type`, or else by its
    /// `architectures`.
    ///
    /// - Throws: `ModelError.notJSON`, or `.badConfiguration` with everything that is wrong; for
    ///   an unknown family, it lists the known ones.
    package static func configuration(
        parsing data: Data, file: String
    ) throws(ModelError) -> any BackboneConfiguration {
        let data = try WrappedBackbone.configuration(in: data, file: file) ?? data
        let section = try Section(modelFile: data, file: file)
        guard let family = family(section) else {
            let known = listing(all.map { "\"\($0.modelType)\"" })
            let found = section["model_type"]?.shortDescription ?? "missing"
            throw .badConfiguration(
                file: file,
                problems: [SettingsProblem("model_type", "is \(found), must be \(known)")])
        }
        return try family.init(parsing: data, file: file)
    }

    /// Reads the file of a configuration; `name` is its name in errors.
    ///
    /// - Throws: `ModelError.unreadable`, and the errors of parsing.
    package static func configuration(
        contentsOf file: URL, name: String
    ) throws(ModelError) -> any BackboneConfiguration {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw .unreadable(file: name, reason: error.localizedDescription)
        }
        return try configuration(parsing: data, file: name)
    }

    /// The names as alternatives: `a, b or c`.
    private static func listing(_ names: [String]) -> String {
        let head = names.dropLast().joined(separator: ", ")
        return [head, names.last ?? ""].filter { !$0.isEmpty }.joined(separator: " or ")
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
