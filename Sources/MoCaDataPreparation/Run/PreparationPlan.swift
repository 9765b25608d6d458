// The plan of a manifest: files, bytes, disk space, and finished work.

import Foundation

/// The table that `moca data prepare --plan` prints.
package struct PreparationPlan: Encodable, Sendable {
    /// The progress of a row.
    package enum Progress: String, Encodable, Sendable {
        case toDo = "to do"
        case begun
        case finished
    }

    /// One unit of work.
    package struct Row: Encodable, Sendable {
        package let name: String
        package let files: Int
        /// The size in bytes; nil if the server does not report it.
        package let bytes: Int?
        /// Bytes fetched already.
        package let bytesHere: Int
        /// Bytes still to be fetched.
        package let bytesToFetch: Int
        /// Bytes that unpacking will produce; an estimate unless the manifest states them.
        package let bytesToUnpack: Int
        package let progress: Progress
    }

    package let output: String
    package let rows: [Row]
    package let bytesToFetch: Int
    /// The peak of the additional disk space, in bytes.
    package let diskNeeded: Int
    package let diskFree: Int

    init(units: [PreparationUnit], _ context: PreparationContext) throws {
        output = context.work.output.path
        let rows = try units.map { try Self.row($0, context.work) }
        self.rows = rows
        bytesToFetch = rows.reduce(0) { $0 + $1.bytesToFetch }
        let unpacked = try zip(units, rows).map { unit, row in
            row.bytesToUnpack > 0 ? try Self.unpackedBytes(unit, context.work) : 0
        }
        diskNeeded = Self.disk(units, rows, unpacked, jobs: context.options.jobs)
        diskFree = try context.work.freeBytes()
    }

    private static func row(_ unit: PreparationUnit, _ work: WorkFolder) throws -> Row {
        let state = UnitState(unit: unit, work: work)
        let isFinished = try state.isFinished()
        var isUnpacked = isFinished
        if case .archive(let rule) = unit.content, !isFinished {
            isUnpacked = state.archive(rule)?.phase == .unpacked
        }
        let here = isFinished ? unit.bytes ?? 0 : try state.bytesHere()
        let isLocal = !unit.isFetched
        let isBegun = here > 0 && !isLocal || isUnpacked
        return Row(
            name: unit.name, files: unit.files.count, bytes: unit.bytes, bytesHere: here,
            bytesToFetch: isUnpacked || isLocal ? 0 : max(0, (unit.bytes ?? 0) - here),
            bytesToUnpack: isUnpacked ? 0 : unit.unpackedBytesExpected,
            progress: isFinished ? .finished : isBegun ? .begun : .toDo)
    }

    /// Bytes that an interrupted run has unpacked from an archive: they are on the disk already, or
    /// removed before the archive is unpacked again.
    private static func unpackedBytes(_ unit: PreparationUnit, _ work: WorkFolder) throws -> Int {
        guard case .archive = unit.content else { return 0 }
        var bytes = 0
        try FolderWalk.forEachFile(in: work.unpacked(unit)) { _, _, size in bytes += size }
        return bytes
    }

    /// The size of everything that is unpacked or stays, plus that of the archives present at once.
    private static func disk(
        _ units: [PreparationUnit], _ rows: [Row], _ unpacked: [Int], jobs: Int
    ) -> Int {
        var (stays, passing) = (0, [Int]())
        for (index, (unit, row)) in zip(units, rows).enumerated() {
            stays += max(0, row.bytesToUnpack - unpacked[index])
            if case .archive(let rule) = unit.content, !rule.keeps {
                passing.append(row.bytesToFetch)
            } else {
                stays += row.bytesToFetch
            }
        }
        return stays + passing.sorted(by: >).prefix(jobs).reduce(0, +)
    }
}
