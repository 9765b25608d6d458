// The finished work of a unit.

import Foundation
import MoCaSystem

/// The state of an archive after unpacking.
struct ArchiveState: Codable, Hashable {
    enum Phase: String, Codable {
        /// Everything is unpacked; some files may be in place.
        case unpacked
        case finished
    }

    /// One file of the archive.
    struct Part: Codable, Hashable {
        let path: String
        let size: Int?
        let sha256: String?
        /// The modification time in nanoseconds, for a file that is read in place.
        let modified: Int?
    }

    let parts: [Part]
    let rule: String
    var phase: Phase
    var summary: Unpacking.Summary
}

/// Reads the finished work of a unit from the disk.
struct UnitState {
    let unit: PreparationUnit
    let work: WorkFolder

    /// The destination of a file that is taken as it is.
    func place(_ file: ListedFile) -> URL {
        file.url(in: unit.source.folder.url(in: work.output))
    }

    /// The location of a file before it is put in place or unpacked.
    func fetched(_ file: ListedFile) -> URL {
        if case .folder(let folder) = unit.source.origin, !unit.isFetched {
            return file.url(in: folder)
        }
        return file.url(in: work.fetched(unit))
    }

    /// The stamp of a verified file that matches the current expectations.
    func stamp(_ file: ListedFile) -> FileStamp? {
        guard let stamp = WorkFolder.read(FileStamp.self, work.stamp(unit, file)),
            file.size == nil || file.size == stamp.size,
            file.sha256 == nil || file.sha256 == stamp.sha256
        else { return nil }
        return stamp
    }

    /// Whether a file that is taken as it is needs no more work.
    func isInPlace(_ file: ListedFile) -> Bool { stamp(file)?.fits(place(file)) ?? false }

    /// Whether a file is fetched and verified, but not yet in place.
    func isFetched(_ file: ListedFile) -> Bool { stamp(file)?.fits(fetched(file)) ?? false }

    /// The state that an earlier run left, if the archive and the rule are unchanged.
    func archive(_ rule: ArchiveRule) -> ArchiveState? {
        guard let state = WorkFolder.read(ArchiveState.self, work.archiveState(unit)),
            state.rule == rule.fingerprint, state.parts.count == unit.files.count
        else { return nil }
        for (part, now) in zip(state.parts, parts()) {
            guard part.path == now.path, part.modified == now.modified,
                now.size == nil || part.size == nil || part.size == now.size,
                now.sha256 == nil || part.sha256 == nil || part.sha256 == now.sha256
            else { return nil }
        }
        return state
    }

    /// The identity of the archive's files.
    func parts() -> [ArchiveState.Part] {
        unit.files.map { file in
            let known = unit.isFetched ? stamp(file) : nil
            return ArchiveState.Part(
                path: file.path, size: file.size ?? known?.size,
                sha256: file.sha256 ?? known?.sha256,
                modified: unit.isFetched ? nil : FileStamp.modified(fetched(file)))
        }
    }

    /// Whether no work is left.
    func isFinished() throws -> Bool {
        switch unit.content {
        case .files: return unit.files.allSatisfy(isInPlace)
        case .archive(let rule):
            guard archive(rule)?.phase == .finished else { return false }
            return try hasAllEntries(in: rule.folder.url(in: work.output))
        }
    }

    /// Whether every unpacked file exists with its size.
    private func hasAllEntries(in folder: URL) throws -> Bool {
        let list = work.entryList(unit)
        guard let data = FileManager.default.contents(atPath: list.path) else { return false }
        return data.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            let parts = line.split(separator: UInt8(ascii: "\t"), maxSplits: 1)
            guard parts.count == 2 else { return false }
            // A name may contain a line break, which is written as %0A.
            let path = String(decoding: parts[1], as: UTF8.self)
                .replacing("%0A", with: "\n").replacing("%25", with: "%")
            let url = URL(fileURLWithPath: folder.path + "/" + path, isDirectory: false)
            return FileStamp.size(of: url) == Int(String(decoding: parts[0], as: UTF8.self))
        }
    }

    /// Records what was unpacked, before it is put in place.
    func writeEntryList() throws {
        let list = work.entryList(unit)
        try WorkFolder.makeFolder(list.deletingLastPathComponent())
        try PreparationError.writing {
            let file = try AtomicFile(list)
            try FolderWalk.forEachFile(in: work.unpacked(unit)) { path, _, size in
                let safe = path.replacing("%", with: "%25").replacing("\n", with: "%0A")
                try file.append("\(size)\t\(safe)\n")
            }
            try file.finish()
        }
    }

    /// Bytes of the unit fetched so far, in complete and partial files.
    func bytesHere() throws -> Int {
        guard unit.isFetched else { return 0 }
        var bytes = 0
        for file in unit.files where isInPlace(file) {
            bytes += FileStamp.size(of: place(file)) ?? 0
        }
        try FolderWalk.forEachFile(in: work.fetched(unit)) { path, url, size in
            let isState = path.hasPrefix(".cache/")
            if !isState, !["headers", "new"].contains(url.pathExtension) { bytes += size }
        }
        return bytes
    }
}
