// YAML to a manifest, or to the list of everything that is wrong with it.

package import Foundation
import Yams

extension DataManifest {
    /// Reads a file. Paths in it are relative to its folder.
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

    /// Reads a text.
    ///
    /// - Parameter file: names it in messages; its folder is what paths are relative to.
    package init(yaml text: String, file: URL) throws {
        let problems = ManifestProblems()
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw PreparationError.unreadableManifest(file: file.path, reason: "\(error)")
        }
        let base = file.deletingLastPathComponent()
        let root = ManifestSection(node ?? Node(""), path: "", problems)
        output = root.string("output").map { Self.path($0, below: base) }
        let sections = root.sections("sources")
        if !root.has("sources") { root.add("sources", "is missing, must be a list") }
        let sources = sections.map { DataSource($0, base: base) }
        root.finish()
        for (index, source) in sources.enumerated()
        where sources[..<index].contains(where: { $0.name == source.name }) {
            problems.add("sources[\(index)].name", "is '\(source.name)' again: give it another")
        }
        guard problems.list.isEmpty else {
            throw PreparationError.badManifest(file: file.path, problems: problems.list)
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
    fileprivate init(_ section: ManifestSection, base: URL) {
        let origin = Origin(section, base: base)
        self.origin = origin
        let name = section.string("name") ?? origin.defaultName
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
        section.finish()
    }

    private static func checks(_ section: ManifestSection, _ origin: Origin) -> [String: FileCheck]
    {
        if case .url(_, let name) = origin {
            return [name: FileCheck(size: section.count("size"), sha256: section.sha256("sha256"))]
        }
        var checks: [String: FileCheck] = [:]
        for item in section.sections("verify") {
            let check = FileCheck(size: item.count("size"), sha256: item.sha256("sha256"))
            if let file = item.string("file") {
                checks[file] = check
            } else {
                item.addHere("has no file")
            }
            item.finish()
        }
        return checks
    }
}

extension Origin {
    /// Exactly one of `hub`, `url` and `path`.
    fileprivate init(_ section: ManifestSection, base: URL) {
        let given = ["hub", "url", "path"].filter { section.has($0) }
        if given.count != 1 {
            let found = given.isEmpty ? "none" : given.joined(separator: " and ")
            section.addHere("must have one of hub, url and path, has \(found)")
        }
        switch given.first {
        case "url": self = Self.url(section)
        case "path": self = .folder(DataManifest.path(section.string("path") ?? ".", below: base))
        default: self = .hub(HubRepository(section))
        }
    }

    private static func url(_ section: ManifestSection) -> Origin {
        let text = section.string("url") ?? ""
        let url = URL(string: text)
        if !["http", "https"].contains(url?.scheme), !text.isEmpty {
            section.add("url", "is '\(text)', must begin with http:// or https://")
        }
        let name = section.string("file") ?? url?.lastPathComponent ?? ""
        if name.isEmpty || name.contains("/") || name.hasPrefix(".") {
            section.add("file", "is '\(name)', must be the name that the file gets")
        }
        return .url(text, name: name)
    }

    /// What a source is called that has no name.
    fileprivate var defaultName: String {
        switch self {
        case .hub(let repository): repository.name.replacing("/", with: "--")
        case .url(_, let name): name
        case .folder(let url): url.lastPathComponent
        }
    }
}

extension HubRepository {
    fileprivate init(_ section: ManifestSection) {
        name = section.string("hub") ?? ""
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
        revision = section.string("revision") ?? "main"
        if revision.hasPrefix("-") { section.add("revision", "is '\(revision)'") }
        fetcher = section.choice("fetch", default: .hf)
    }
}

extension ArchiveRule {
    /// Reads one item of `archives`.
    ///
    /// - Parameter isURL: whether the source is one file, so that no pattern is needed.
    fileprivate init(_ section: ManifestSection, isURL: Bool) {
        let files = section.globs("files")
        if files.isEmpty, !isURL { section.add("files", "is missing, must be a list of patterns") }
        self.files = files.isEmpty ? [Glob("*")] : files
        folder = section.innerPath("into")
        entries = section.globs("entries")
        strip = section.count("strip") ?? 0
        unpackedBytes = section.count("unpacked_bytes")
        unpackedBytesMax = section.count("unpacked_bytes_max")
        keeps = section.bool("keep", default: false)
        section.finish()
    }
}
