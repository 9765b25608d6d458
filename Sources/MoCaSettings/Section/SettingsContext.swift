// The shared state of all sections of one settings file.

package import Foundation
package import MoCaCore

/// The syntax of a settings file, which decides the types of values and how messages show them.
package enum SettingsSyntax: Sendable {
    /// YAML: every scalar is a string, which its reader converts to a number or a Boolean.
    case yaml
    /// JSON: numbers, Booleans and strings are distinct.
    case json

    /// A value as messages show it.
    func description(of value: JSON) -> String {
        if self == .yaml, case .string(let text) = value { return "'\(text)'" }
        return value.shortDescription
    }
}

/// The sources of the keys of one file, and all problems with their values.
package final class SettingsContext {
    /// The syntax of the file.
    package let syntax: SettingsSyntax
    /// The name of the whole file in problems.
    let name: String
    /// The source of each key.
    let sources: SettingsSources
    /// The problems, in the order in which they were found.
    package private(set) var problems: [SettingsProblem] = []

    /// Creates a context without problems.
    ///
    /// - Parameters:
    ///   - name: the name of the whole file in problems, such as `recipe`.
    ///   - sources: the source of each key; needed for settings that contain paths.
    package init(
        _ syntax: SettingsSyntax, name: String = "file",
        sources: SettingsSources = SettingsSources(folder: URL(filePath: "/"))
    ) {
        self.syntax = syntax
        self.name = name
        self.sources = sources
    }

    /// The folder of the file.
    package var folder: URL { sources.main.folder }

    /// Adds a problem at a key path, which is empty for the whole file.
    package func add(_ keyPath: String, _ reason: String) {
        problems.append(
            SettingsProblem(
                keyPath.isEmpty ? name : keyPath, reason,
                file: sources.source(of: keyPath).file))
    }

    /// Adds a problem at the first of `keyPaths` unless `condition` holds. The condition is not
    /// evaluated if one of the keys already has a problem: a wrong value would only cause a second,
    /// false one.
    package func require(
        _ keyPaths: String..., reason: @autoclosure () -> String, if condition: () -> Bool
    ) {
        guard !problems.contains(where: { keyPaths.contains($0.keyPath) }) else { return }
        if !condition() {
            add(keyPaths[0], reason())
        }
    }
}
