// All parts of an input as one list of records with vectors.

import Foundation

/// The parts of all shards, whose records come in the order of the input.
///
/// Only a window of records, and a block of its vectors, are in memory at a time.
struct MergedParts: RecordVectors {
    /// The parts in the order of their shards.
    let parts: [VectorPart]
    /// The extent of the input.
    let input: InputExtent
    /// The completions of the parts, in the order of their shards.
    let completions: [PartCompletion]
    /// Called before each window; an error that it throws ends the work.
    var willRead: () throws -> Void = {}
    /// Called with the number of records of each window when its vectors were passed on.
    var progress: (Int) -> Void = { _ in }

    /// Opens the parts in these folders, and checks that they belong together and that none is
    /// missing.
    ///
    /// - Throws: `VectorError`.
    init(_ folders: [URL]) throws {
        precondition(!folders.isEmpty, "there must be parts")
        let found = try folders.map { try VectorPart($0) }
        let first = found[0]
        for other in found where other.shard.count != first.shard.count {
            throw VectorError.partsDiffer(
                first: first.folder.path, second: other.folder.path, names: ["number of shards"])
        }
        parts = try Self.sorted(found, count: first.shard.count)
        let incomplete = parts.filter { $0.completion == nil }
        guard incomplete.isEmpty else {
            throw VectorError.incompleteParts(paths: incomplete.map(\.folder.path))
        }
        completions = parts.compactMap(\.completion)
        input = completions[0].input
        for (part, completion) in zip(parts, completions) {
            var names = Self.differences(parts[0].settings, part.settings)
            if completion.input != input { names.append("input") }
            guard names.isEmpty else {
                throw VectorError.partsDiffer(
                    first: parts[0].folder.path, second: part.folder.path, names: names)
            }
        }
    }

    /// The parts in the order of their shards.
    ///
    /// - Throws: `VectorError.doubledPart`, `.missingParts`.
    private static func sorted(_ parts: [VectorPart], count: Int) throws -> [VectorPart] {
        var byIndex: [Int: VectorPart] = [:]
        for part in parts {
            if let other = byIndex.updateValue(part, forKey: part.shard.index) {
                throw VectorError.doubledPart(
                    shard: "\(part.shard.index)/\(count)", first: other.folder.path,
                    second: part.folder.path)
            }
        }
        let missing = (0..<count).filter { byIndex[$0] == nil }
        guard missing.isEmpty else {
            let folder = parts[0].folder.deletingLastPathComponent().path
            throw VectorError.missingParts(folder: folder, shards: missing, count: count)
        }
        return (0..<count).compactMap { byIndex[$0] }
    }

    private static func differences(_ first: JournalSettings, _ other: JournalSettings) -> [String]
    {
        other.differences(from: first).map { name in
            guard name == "model", let one = first.part?.model, let two = other.part?.model,
                one != two
            else { return name }
            return "model (\(one) and \(two))"
        }
    }

    /// Notes for the user about parts that were computed in different ways, one sentence each.
    var notes: [String] {
        let names = parts.dropFirst().flatMap {
            $0.settings.conditions.roundingDifferences(from: parts[0].settings.conditions)
        }
        guard !names.isEmpty else { return [] }
        let list = Set(names).sorted().joined(separator: ", ")
        return [
            "the parts were computed with different settings (\(list)): vectors may differ in "
                + "rounding from those of one process"
        ]
    }

    // MARK: RecordVectors

    var settings: JournalSettings { parts[0].settings }
    var recordCount: Int { input.records }
    var embeddedCount: Int { recordCount - completions.reduce(0) { $0 + $1.failures } }
    var vectorCount: Int { completions.reduce(0) { $0 + $1.vectors } }

    func forEachEntry(_ body: (VectorJournal.Entry) throws -> Void) throws {
        try forEachWindow { reader, entries in
            reader.skipVectors(of: entries)
            for entry in entries { try body(entry) }
        }
    }

    func forEachRecord(_ body: (VectorJournal.Entry, [Float]) throws -> Void) throws {
        try forEachWindow { reader, entries in
            try reader.readVectors(of: entries, body)
            progress(entries.count)
        }
    }

    private func forEachWindow(
        _ body: (inout PartReader, [VectorJournal.Entry]) throws -> Void
    ) throws {
        var readers = parts.map { PartReader($0) }
        var read = 0
        for window in 0..<input.windows {
            try willRead()
            let index = window % readers.count
            let (entries, commit) = try readers[index].nextWindow()
            read += entries.count
            guard commit.inputRecords == read else {
                throw parts[index].damage("window \(window) does not follow the one before")
            }
            try body(&readers[index], entries)
        }
        for reader in readers { try reader.finish() }
    }
}
