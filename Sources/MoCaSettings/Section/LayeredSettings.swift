// Settings merged from several files and the command line.

package import Foundation
package import MoCaCore

/// Settings and the source of each of them.
package struct LayeredSettings: Sendable {
    /// The merged settings of all layers.
    package private(set) var value = JSON.null
    /// The sources of the settings.
    package private(set) var sources: SettingsSources

    /// Overrides the value at a path of keys, whatever its present value.
    ///
    /// - Parameter folder: the folder that paths in the value are relative to.
    package mutating func override(_ path: [String], to value: JSON, folder: URL) {
        self.value = Self.replacing(path[...], in: self.value, with: value)
        sources.set(path.joined(separator: "."), to: .init(folder: folder, isOverride: true))
    }

    private static func replacing(
        _ path: ArraySlice<String>, in value: JSON, with new: JSON
    ) -> JSON {
        guard let key = path.first else { return new }
        var object = value.object ?? JSONObject()
        object[key] = replacing(path.dropFirst(), in: object[key] ?? .null, with: new)
        return .object(object)
    }

    /// Merges a value over a base: objects are merged key by key, anything else replaces. A null
    /// removes the value of the lower layers.
    private static func merged(
        _ value: JSON, over base: JSON, at path: String, source: SettingsSources.Source,
        _ sources: inout SettingsSources
    ) -> JSON {
        guard case .object(let upper) = value, case .object(var lower) = base else {
            if !path.isEmpty { sources.set(path, to: source) }
            return value
        }
        for (key, value) in upper {
            lower[key] = merged(
                value, over: lower[key] ?? (value.object == nil ? .null : .object([:])),
                at: path.isEmpty ? key : "\(path).\(key)", source: source, &sources)
        }
        return .object(lower)
    }
}

// MARK: - Files that extend others

extension LayeredSettings {
    /// The key with the name of the file that a file extends.
    private static let key = "extends"

    /// Reads a YAML text and the files that it extends: `extends: FILE` names a file, relative to
    /// the folder of the extending file, whose keys apply unless overridden.
    ///
    /// - Parameter file: the file that the text was read from.
    /// - Throws: `SettingsFileError`.
    package init(yaml text: String, file: URL) throws(SettingsFileError) {
        let file = file.absoluteURL.standardizedFileURL
        sources = SettingsSources(folder: file.deletingLastPathComponent())
        try add(text, file, chain: [file])
    }

    private mutating func add(
        _ text: String, _ file: URL, chain: [URL]
    ) throws(SettingsFileError) {
        var layer: JSON
        do {
            layer = try JSON(yaml: text)
        } catch {
            throw .notYAML(file: file.path, reason: error.reason)
        }
        if case .object(var object) = layer, let name = object[Self.key] {
            object[Self.key] = nil
            layer = .object(object)
            try addBase(name, of: file, chain)
        }
        if case .null = layer { layer = .object([:]) }
        if case .null = value, layer.object != nil { value = .object([:]) }
        let source = SettingsSources.Source(
            folder: file.deletingLastPathComponent(),
            file: chain.count == 1 ? nil : file.path)
        value = Self.merged(layer, over: value, at: "", source: source, &sources)
    }

    private mutating func addBase(
        _ name: JSON, of file: URL, _ chain: [URL]
    ) throws(SettingsFileError) {
        func failure(_ reason: String) -> SettingsFileError {
            .badBase(
                file: chain[0].path,
                SettingsProblem(
                    Self.key, reason, file: chain.count == 1 ? nil : file.path))
        }
        guard case .string(let path) = name, !path.isEmpty else {
            throw failure("must be the path of a file")
        }
        let base = URL(fileURLWithPath: path, relativeTo: file.deletingLastPathComponent())
            .absoluteURL.standardizedFileURL
        guard !chain.contains(base) else {
            let names = (chain + [base]).map(\.lastPathComponent).joined(separator: " -> ")
            throw failure("is '\(path)', which leads back to where it began: \(names)")
        }
        let text: String
        do {
            text = try String(contentsOf: base, encoding: .utf8)
        } catch {
            throw failure("is '\(path)', which cannot be read: \(error.localizedDescription)")
        }
        try add(text, base, chain: chain + [base])
    }
}

/// Why a settings file, or one that it extends, cannot be read.
package enum SettingsFileError: Error, Equatable {
    /// A file that is not valid YAML.
    case notYAML(file: String, reason: String)
    /// A file whose `extends` does not name a readable file.
    case badBase(file: String, SettingsProblem)
}
