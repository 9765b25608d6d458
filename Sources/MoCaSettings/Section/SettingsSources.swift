// The sources of the keys of layered settings.

package import Foundation

/// The file that each key of some settings comes from.
package struct SettingsSources: Sendable {
    /// A file, or the command line.
    package struct Source: Sendable, Hashable {
        /// The folder that paths are relative to.
        package let folder: URL
        /// The name of the file in problems; nil for the file that was opened.
        package let file: String?
        /// Whether the value overrides all files.
        package let isOverride: Bool

        /// Creates a source.
        package init(folder: URL, file: String? = nil, isOverride: Bool = false) {
            self.folder = folder
            self.file = file
            self.isOverride = isOverride
        }
    }

    /// The source of every key that no other source has set.
    let main: Source
    private var sources: [String: Source] = [:]

    /// Creates the sources of settings that come from one file.
    ///
    /// - Parameter folder: the folder that paths are relative to.
    package init(folder: URL) { main = Source(folder: folder) }

    /// The source of the value at a key path: its own, that of an enclosing value, or that of a
    /// value inside it.
    package func source(of keyPath: String) -> Source {
        var path = Substring(keyPath)
        while !path.isEmpty {
            if let source = sources[String(path)] { return source }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = path[..<end]
        }
        let inner = sources.filter { $0.key.hasPrefix(keyPath + ".") }
        return keyPath.isEmpty ? main : inner.min { $0.key < $1.key }?.value ?? main
    }

    /// Records `source` as the source of the value at a key path and of everything in it.
    mutating func set(_ keyPath: String, to source: Source) {
        sources = sources.filter { !$0.key.hasPrefix(keyPath + ".") }
        sources[keyPath] = source
    }
}
