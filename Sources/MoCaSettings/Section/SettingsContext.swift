// What all sections of one file of settings share.

package import Foundation
package import MoCaCore

/// The syntax of a file of settings, which decides what a value may be and how messages show it.
package enum SettingsSyntax: Sendable {
    /// Every scalar is a text, from which its reader makes a number or a truth value.
    case yaml
    /// Numbers, truth values and strings are told apart by the file.
    case json

    /// A value as a message shows it.
    func description(of value: JSON) -> String {
        if self == .yaml, case .string(let text) = value { return "'\(text)'" }
        return value.shortDescription
    }
}

/// Where the keys of one file come from, and everything that is wrong with their values.
package final class SettingsContext {
    /// The syntax of the file.
    package let syntax: SettingsSyntax
    /// How problems name the whole file.
    let name: String
    /// Where each key stands.
    let sources: SettingsSources
    /// The problems, in the order in which they were found.
    package private(set) var problems: [SettingsProblem] = []

    /// Creates a context without problems.
    ///
    /// - Parameters:
    ///   - name: how problems name the whole file, such as `recipe`.
    ///   - sources: where each key stands; needed for settings that hold paths.
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
    /// evaluated if one of the keys has a problem already: a wrong value would only make a second,
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
