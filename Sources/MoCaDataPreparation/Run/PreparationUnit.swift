// The units of work of a manifest: a file, the plain files of a source, an archive.

import Foundation

/// Work that is finished as a whole and independent of other units.
struct PreparationUnit: Sendable {
    enum Content: Sendable {
        /// Files that are put in place as they are.
        case files
        case archive(ArchiveRule)
    }

    let source: DataSource
    /// The name of the unit within its source.
    let key: String
    let files: [ListedFile]
    let content: Content
    /// The repository and revision of a source on the Hub.
    var commit: String?

    var name: String { key.isEmpty ? source.name : "\(source.name)/\(key)" }

    /// Bytes to fetch in total; nil if a server does not report them.
    var bytes: Int? {
        var sum = 0
        for file in files {
            guard let size = file.size else { return nil }
            sum += size
        }
        return sum
    }

    /// The limit of the unpacked size in bytes.
    func unpackedBytesMax(archiveBytes: Int) -> Int {
        guard case .archive(let rule) = content else { return 0 }
        return rule.unpackedBytesMax ?? max(Self.leastLimit, Self.expansionMax * archiveBytes)
    }

    /// The expected unpacked size in bytes; images hardly shrink in an archive.
    var unpackedBytesExpected: Int {
        guard case .archive(let rule) = content else { return 0 }
        return rule.unpackedBytes ?? bytes ?? 0
    }

    /// Whether the files are fetched instead of read where they are.
    var isFetched: Bool {
        if case .folder = source.origin, case .archive = content { return false }
        return true
    }

    /// Whether stated sizes or hashes prove that no file is cut off at its end.
    var isKnownToBeWhole: Bool {
        guard case .folder = source.origin else { return files.allSatisfy { $0.size != nil } }
        return files.allSatisfy { source.checks[$0.path] != nil }
    }

    // Limits without one in the manifest: no archive of images or texts reaches them.
    private static let expansionMax = 20
    private static let leastLimit = 100_000_000

    /// The units of work of a source's files.
    ///
    /// - Throws: `PreparationError.nothingMatches`, `.missingPart`.
    static func units(
        of source: DataSource, files: [ListedFile], commit: String?
    ) throws -> [PreparationUnit] {
        var units: [PreparationUnit] = []
        var taken: Set<String> = []
        for rule in source.archives {
            let found = files.filter { !taken.contains($0.path) && rule.files.matches($0.path) }
            try requireMatches(rule.files, found, source)
            taken.formUnion(found.map(\.path))
            for archive in try ArchiveParts.groups(of: found) {
                units.append(
                    PreparationUnit(
                        source: source, key: archive.name, files: archive.files,
                        content: .archive(rule), commit: commit))
            }
        }
        if case .url = source.origin, !taken.isEmpty { return units }
        let plain = files.filter {
            !taken.contains($0.path) && source.files.matches($0.path)
                && !source.except.matches($0.path)
        }
        try requireMatches(source.files, plain, source)
        if !plain.isEmpty {
            units.insert(
                PreparationUnit(
                    source: source, key: "", files: plain, content: .files, commit: commit), at: 0)
        }
        return units
    }

    private static func requireMatches(
        _ patterns: [Glob], _ files: [ListedFile], _ source: DataSource
    ) throws {
        for pattern in patterns where !files.contains(where: { pattern.matches($0.path) }) {
            throw PreparationError.nothingMatches(
                source: source.name, pattern: pattern.description)
        }
    }
}
