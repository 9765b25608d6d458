// Unpacks an archive into a folder of plain files. Nothing is written outside the folder: paths
// never lead upwards, links become hard links within the archive, and no symbolic link is created.

import Foundation
import MoCaSystem
import MoCaTables

/// Unpacks one archive into its own folder.
final class Unpacking {
    /// The number of unpacked entries and bytes.
    struct Summary: Codable, Sendable, Hashable {
        var entries = 0
        var bytes = 0
    }

    /// A link whose target may come later in the archive.
    private struct Link {
        let path: InnerPath
        let target: InnerPath
    }

    private let archive: String
    private let rule: ArchiveRule
    private let folder: URL
    private let limit: Int
    private let context: PreparationContext
    private var summary = Summary()
    /// Whether a tar ended without its end mark.
    private(set) var lacksEnd = false
    private var links: [Link] = []
    private var unmatched: Set<Glob>
    private var lastFolder: URL?

    /// - Parameters:
    ///   - archive: The archive's name in messages.
    ///   - limit: The most bytes of all entries.
    init(
        _ archive: String, _ rule: ArchiveRule, into folder: URL, limit: Int,
        _ context: PreparationContext
    ) {
        (self.archive, self.rule, self.folder) = (archive, rule, folder)
        (self.limit, self.context) = (limit, context)
        unmatched = Set(rule.entries)
    }

    /// Unpacks the selected entries; those that an earlier run unpacked are compared and kept.
    func run(parts: [URL]) throws -> Summary {
        let reader = try NamedArchive(archive, parts: parts)
        try WorkFolder.makeFolder(folder)
        var told = 0
        while let entry = try reader.next() {
            try context.check()
            try take(entry, reader)
            context.progress.add(reader.consumedByteCount - told)
            told = reader.consumedByteCount
        }
        lacksEnd = reader.lacksEnd
        try resolveLinks()
        let whole = parts.reduce(0) { $0 + (FileStamp.size(of: $1) ?? 0) }
        context.progress.add(whole - told)
        if let pattern = rule.entries.first(where: { unmatched.contains($0) }) {
            throw PreparationError.noEntryMatches(
                archive: archive, pattern: pattern.description)
        }
        guard summary.entries > 0 else {
            throw PreparationError.badArchive(archive: archive, reason: "it has no files")
        }
        return summary
    }

    private func take(_ entry: ArchiveReader.Entry, _ reader: NamedArchive) throws {
        let stored = try refusing(entry.name) { () throws(InnerPath.Refusal) in
            try InnerPath(entry.name)
        }
        guard try isWanted(stored), let path = try stripped(stored, entry) else { return }
        switch entry.kind {
        case .folder: try makeFolder(path.url(in: folder), entry.name)
        case .file: try write(path, entry.name, reader)
        case .symbolicLink:
            let target = try refusing(entry.name) { () throws(InnerPath.Refusal) in
                try stored.resolving(entry.target ?? "")
            }
            links.append(Link(path: path, target: try linked(target, entry)))
        case .hardLink:
            let target = try refusing(entry.name) { () throws(InnerPath.Refusal) in
                try InnerPath(entry.target ?? "")
            }
            links.append(Link(path: path, target: try linked(target, entry)))
        case .other:
            throw unsafe(entry.name, "it is neither a file, a folder nor a link")
        }
    }

    private func isWanted(_ path: InnerPath) throws -> Bool {
        guard !rule.entries.isEmpty else { return true }
        let fitting = rule.entries.filter { $0.matches(path.text) }
        unmatched.subtract(fitting)
        return !fitting.isEmpty
    }

    /// The path without its leading folders; nil for these folders themselves.
    private func stripped(_ path: InnerPath, _ entry: ArchiveReader.Entry) throws -> InnerPath? {
        let rest = Array(path.components.dropFirst(rule.strip))
        if rest.isEmpty {
            if entry.kind == .folder { return nil }
            throw unsafe(entry.name, "nothing is left of its path")
        }
        return try refusing(entry.name) { () throws(InnerPath.Refusal) in
            try InnerPath(rest.joined(separator: "/"))
        }
    }

    private func linked(_ target: InnerPath, _ entry: ArchiveReader.Entry) throws -> InnerPath {
        guard let path = try stripped(target, entry) else {
            throw unsafe(entry.name, "it links to \(entry.target ?? "")")
        }
        return path
    }

    private func write(_ path: InnerPath, _ entry: String, _ reader: NamedArchive) throws {
        let url = path.url(in: folder)
        try makeFolder(url.deletingLastPathComponent(), entry)
        var status = stat()
        // One file may have two names: a later entry must not overwrite the older one's bytes.
        if lstat(url.path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw unsafe(entry, "a folder has its name")
            }
            if status.st_nlink > 1, unlink(url.path) != 0 {
                throw PreparationError.writing(url.path)
            }
        }
        let file = try UnpackedFile(url)
        while let bytes = try reader.read() {
            try context.check()
            try count(bytes.count)
            try bytes.withUnsafeBytes { try file.take($0) }
        }
        try file.finish()
        summary.entries += 1
    }

    private func count(_ bytes: Int) throws {
        summary.bytes += bytes
        guard summary.bytes <= limit else {
            throw PreparationError.tooLarge(archive: archive, limit: limit)
        }
    }

    private func makeFolder(_ url: URL, _ entry: String) throws {
        guard url != lastFolder else { return }
        do {
            try WorkFolder.makeFolder(url)
        } catch PreparationError.cannotWrite(_, let reason) {
            throw unsafe(entry, "its folder cannot be made: \(reason)")
        }
        lastFolder = url
    }

    /// Creates the additional names of files; a link to a link is resolved after its target.
    private func resolveLinks() throws {
        var pending = Set(links.map(\.path))
        var waiting = links
        while !waiting.isEmpty {
            var later: [Link] = []
            for link in waiting {
                if !pending.contains(link.target), try resolve(link) {
                    pending.remove(link.path)
                } else {
                    later.append(link)
                }
            }
            guard later.count < waiting.count else {
                throw unsafe(
                    later[0].path.text,
                    "it links to \(later[0].target.text), which is not an unpacked file")
            }
            waiting = later
        }
    }

    /// Resolves a link; false if its target does not exist yet.
    private func resolve(_ link: Link) throws -> Bool {
        let (target, url) = (link.target.url(in: folder), link.path.url(in: folder))
        var (file, other) = (stat(), stat())
        guard lstat(target.path, &file) == 0, file.st_mode & S_IFMT == S_IFREG else { return false }
        try makeFolder(url.deletingLastPathComponent(), link.path.text)
        let isThere = lstat(url.path, &other) == 0
        if !isThere || other.st_ino != file.st_ino {
            if isThere, unlink(url.path) != 0 { throw PreparationError.writing(url.path) }
            guard Foundation.link(target.path, url.path) == 0 else {
                throw PreparationError.writing(url.path)
            }
        }
        try count(Int(file.st_size))
        summary.entries += 1
        return true
    }

    private func refusing<Value>(
        _ entry: String, _ body: () throws(InnerPath.Refusal) -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch {
            throw unsafe(entry, error.reason)
        }
    }

    private func unsafe(_ entry: String, _ reason: String) -> PreparationError {
        .unsafeEntry(archive: archive, entry: entry, reason: reason)
    }
}
