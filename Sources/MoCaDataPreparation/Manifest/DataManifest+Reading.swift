// Reads a manifest from YAML, or lists all of its problems.

package import Foundation
import MoCaHub
import MoCaSettings

extension DataManifest {
    /// Reads a manifest file. Paths in it are relative to its folder.
    ///
    /// - Throws: `PreparationError.unreadableManifest`, `.badManifest` with all problems.
    package init(contentsOf file: URL) throws {
        let text: String
        do {
            text = try String(contentsOf: file, encoding: .utf8)
        } catch {
            throw PreparationError.unreadableManifest(
                file: file.path, reason: error.localizedDescription)
        }
        try self.init(yaml: text, file: file)
    }

    /// Reads a manifest from a text.
    ///
    /// - Parameter file: The manifest's name in messages; paths are relative to its folder.
    package init(yaml text: String, file: URL) throws {
        let value: JSON
        do {
            value = try JSON(yaml: text)
        } catch {
            throw PreparationError.unreadableManifest(file: file.path, reason: error.reason)
        }
        let base = file.deletingLastPathComponent()
        let context = SettingsContext(
            .yaml, name: "manifest", sources: SettingsSources(folder: base))
        let root = Section(value, context)
        output = root.text("output").map { Self.path($0, below: base) }
        let sections = root.sections("sources")
        if sections.isEmpty { root.add("sources", "is missing, must be a list of mappings") }
        let sources = sections.map { DataSource($0, base: base) }
        root.finish()
        for (index, source) in sources.enumerated()
        where sources[..<index].contains(where: { $0.name == source.name }) {
            context.add("sources[\(index)].name", "is '\(source.name)' again: give it another")
        }
        guard context.problems.isEmpty else {
            throw PreparationError.badManifest(file: file.path, problems: context.problems)
        }
        (self.file, self.sources) = (file, sources)
    }

    fileprivate static func path(_ text: String, below base: URL) -> URL {
        let path = URL(fileURLWithPath: text, relativeTo: base).standardizedFileURL.path
        return URL(fileURLWithPath: path, isDirectory: true)
    }
}

extension DataSource {
    /// Reads one item of `sources`.
    fileprivate init(_ section: Section, base: URL) {
        let origin = Origin(section, base: base)
        self.origin = origin
        let name = section.text("name") ?? origin.defaultName
        if name.contains("/") || name.hasPrefix(".") || name.isEmpty {
            section.add("name", "is '\(name)', must be a name without '/' and a leading '.'")
        }
        self.name = name
        folder = section.innerPath("to")
        except = section.globs("except")
        var isURL = false
        if case .url = origin { isURL = true }
        archives = section.sections("archives").map { ArchiveRule($0, isURL: isURL) }
        let files = section.globs("files")
        if files.isEmpty, archives.isEmpty, !isURL {
            section.addHere("takes no files: give files, archives or both")
        }
        if isURL, section.has("files") { section.add("files", "does not belong to a url") }
        self.files = isURL ? [Glob("*")] : files
        checks = Self.checks(section, origin)
    }

    private static func checks(_ section: Section, _ origin: Origin) -> [String: FileCheck] {
        if case .url(_, let name) = origin {
            return [
                name: FileCheck(
                    size: section.optionalInteger("size", in: 0...Int.max),
                    sha256: section.sha256("sha256"))
            ]
        }
        var checks: [String: FileCheck] = [:]
        for item in section.sections("verify") {
            let check = FileCheck(
                size: item.optionalInteger("size", in: 0...Int.max), sha256: item.sha256("sha256"))
            if let file = item.text("file") {
                checks[file] = check
            } else {
                item.addHere("has no file")
            }
        }
        return checks
    }
}

extension Origin {
    /// Exactly one of `hub`, `url` and `path`.
    fileprivate init(_ section: Section, base: URL) {
        let given = ["hub", "url", "path"].filter { section.has($0) }
        if given.count != 1 {
            let found = given.isEmpty ? "none" : given.joined(separator: " and ")
            section.addHere("must have one of hub, url and path, has \(found)")
        }
        switch given.first {
        case "url": self = Self.url(section)
        case "path": self = .folder(DataManifest.path(section.text("path") ?? ".", below: base))
        default: self = .hub(HubRepository(section))
        }
    }

    private static func url(_ section: Section) -> Origin {
        let text = section.text("url") ?? ""
        let url = URL(string: text)
        if !["http", "https"].contains(url?.scheme), !text.isEmpty {
            section.add("url", "is '\(text)', must begin with http:// or https://")
        }
        let name = section.text("file") ?? url?.lastPathComponent ?? ""
        if name.isEmpty || name.contains("/") || name.hasPrefix(".") {
            section.add("file", "is '\(name)', must be the name that the file gets")
        }
        return .url(text, name: name)
    }

    /// The name of a source for which the manifest gives none.
    fileprivate var defaultName: String {
        switch self {
        case .hub(let repository): repository.name.replacing("/", with: "--")
        case .url(_, let name): name
        case .folder(let url): url.lastPathComponent
        }
    }
}

extension HubRepository {
    fileprivate init(_ section: Section) {
        name = section.text("hub") ?? ""
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isRight =
            parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && !part.hasPrefix(".") && !part.hasPrefix("-")
                    && part.utf8.allSatisfy { $0 < 128 }
                    && part.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
            }
        if section.has("hub"), !isRight { section.add("hub", "is '\(name)', must be ORG/NAME") }
        kind = section.choice("type", default: .dataset)
        revision = section.text("revision") ?? "main"
        if revision.hasPrefix("-") { section.add("revision", "is '\(revision)'") }
        fetcher = section.choice("fetch", default: .hf)
    }
}

extension ArchiveRule {
    /// Reads one item of `archives`.
    ///
    /// - Parameter isURL: Whether the source is one file, so that no pattern is needed.
    fileprivate init(_ section: Section, isURL: Bool) {
        let files = section.globs("files")
        if files.isEmpty, !isURL { section.add("files", "is missing, must be a list of patterns") }
        self.files = files.isEmpty ? [Glob("*")] : files
        folder = section.innerPath("into")
        entries = section.globs("entries")
        strip = section.optionalInteger("strip", in: 0...Int.max) ?? 0
        unpackedBytes = section.optionalInteger("unpacked_bytes", in: 0...Int.max)
        unpackedBytesMax = section.optionalInteger("unpacked_bytes_max", in: 0...Int.max)
        keeps = section.bool("keep", default: false)
    }
}

extension Section {
    /// An optional text that must not be empty.
    fileprivate func text(_ key: String) -> String? {
        let text = optionalString(key)
        if text == "" { add(key, "is empty") }
        return text
    }

    /// An optional hash of 64 hexadecimal digits.
    fileprivate func sha256(_ key: String) -> String? {
        guard let text = text(key)?.lowercased() else { return nil }
        guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
            add(key, "is '\(text)', must be 64 hexadecimal digits")
            return nil
        }
        return text
    }

    /// A folder below the output; the output itself if the key is missing.
    fileprivate func innerPath(_ key: String) -> InnerPath {
        do {
            return try InnerPath(text(key) ?? "")
        } catch {
            add(key, "is refused: \(error.reason)")
            return InnerPath(components: [])
        }
    }

    /// A list of patterns; empty if the key is missing.
    fileprivate func globs(_ key: String) -> [Glob] {
        let texts = list(key, "a list of patterns") { $0.string == "" ? nil : $0.string }
        if isList(key), texts == [] { add(key, "must be a list of patterns") }
        return (texts ?? []).map(Glob.init)
    }
}
