// One unit of work, from the first byte to the final location.

import Foundation
import MoCaHub
import MoCaSystem
import Synchronization

/// Fetches, verifies, unpacks and puts in place; skips each step that is done already.
struct UnitRun {
    /// The number of files put in place, and the entries and bytes unpacked.
    struct Result {
        var files = 0
        var summary = Unpacking.Summary()
    }

    /// Two archives may unpack into one folder.
    private static let placing = Mutex(())

    let unit: PreparationUnit
    let context: PreparationContext
    private var work: WorkFolder { context.work }
    private var state: UnitState { UnitState(unit: unit, work: work) }

    init(_ unit: PreparationUnit, _ context: PreparationContext) {
        (self.unit, self.context) = (unit, context)
    }

    func run() throws -> Result {
        try context.check()
        switch unit.content {
        case .files: return try placeFiles()
        case .archive(let rule): return try unpack(rule)
        }
    }

    // MARK: Files as they are

    private func placeFiles() throws -> Result {
        let missing = unit.files.filter { !state.isInPlace($0) }
        let toFetch = try missing.filter { try !adopt($0) && !state.isFetched($0) }
        try fetch(toFetch)
        var result = Result()
        for file in missing where !state.isInPlace(file) {
            try context.check()
            let place = state.place(file)
            try WorkFolder.makeFolder(place.deletingLastPathComponent())
            try WorkFolder.move(state.fetched(file), to: place)
            result.files += 1
        }
        try WorkFolder.remove(work.fetched(unit))
        return result
    }

    /// Adopts a file at its destination that has no stamp, if its hash matches.
    private func adopt(_ file: ListedFile) throws -> Bool {
        let place = state.place(file)
        guard let expected = file.sha256, let size = FileStamp.size(of: place),
            file.size == nil || file.size == size
        else { return false }
        let found = try FileStamp.sha256(of: place, context)
        guard found == expected else { return false }
        context.progress.add(size)
        try WorkFolder.write(
            FileStamp(of: place, sha256: found), to: work.stamp(unit, file))
        return true
    }

    // MARK: Archives

    private func unpack(_ rule: ArchiveRule) throws -> Result {
        var left = state.archive(rule)
        if left?.phase == .finished { left = nil }
        let archive = try left ?? unpacked(rule)
        try Self.placing.withLock { _ in
            try FolderWalk.merge(
                work.unpacked(unit), into: rule.folder.url(in: work.output), archive: unit.name)
        }
        // Removed before the state says so: a finished archive is not looked at again.
        if unit.isFetched {
            if rule.keeps { try keep() }
            try WorkFolder.remove(work.fetched(unit))
        }
        var finished = archive
        finished.phase = .finished
        try WorkFolder.write(finished, to: work.archiveState(unit))
        return Result(summary: archive.summary)
    }

    /// Unpacks the whole archive into its own folder, on the disk, and records its state.
    private func unpacked(_ rule: ArchiveRule) throws -> ArchiveState {
        try fetch(unit.files.filter { !state.isFetched($0) })
        let identity = ArchiveState(
            parts: state.parts(), rule: rule.fingerprint, phase: .unpacked, summary: .init())
        let folder = work.unpacked(unit)
        let begun = folder.appendingPathExtension("begun")
        if WorkFolder.read(ArchiveState.self, begun) != identity {
            try WorkFolder.remove(folder)
            try WorkFolder.write(identity, to: begun)
        }
        let parts = unit.files.map(state.fetched)
        let bytes = parts.reduce(0) { $0 + (FileStamp.size(of: $1) ?? 0) }
        let unpacking = Unpacking(
            unit.name, rule, into: folder, limit: unit.unpackedBytesMax(archiveBytes: bytes),
            context)
        let summary = try unpacking.run(parts: parts)
        if unpacking.lacksEnd, !unit.isKnownToBeWhole {
            context.progress.note(
                "\(unit.name): the tar has no mark of its end: it may be cut off between two "
                    + "entries; a size or a sha256 in the manifest would say")
        }
        try state.writeEntryList()
        // A state that says "unpacked" must not be on the disk before the files.
        sync()
        var archive = identity
        archive.summary = summary
        try WorkFolder.write(archive, to: work.archiveState(unit))
        try WorkFolder.remove(begun)
        return archive
    }

    /// Puts the archive itself beside its unpacked files.
    private func keep() throws {
        for file in unit.files {
            let (from, place) = (state.fetched(file), state.place(file))
            guard FileStamp.size(of: from) != nil else { continue }
            try WorkFolder.makeFolder(place.deletingLastPathComponent())
            try WorkFolder.move(from, to: place)
        }
    }

    // MARK: Fetching

    /// Fetches files to the locations of `state.fetched`, verified and stamped.
    private func fetch(_ files: [ListedFile]) throws {
        guard !files.isEmpty else { return }
        switch unit.source.origin {
        case .hub(let repository) where repository.fetcher == .http:
            try fetchByHTTP(files, repository)
        case .hub(let repository):
            let download = HubDownload(
                repository: repository, commit: unit.commit ?? repository.revision, files: files,
                folder: work.fetched(unit), context: context)
            try download.run()
            for file in files { try verify(file) { try download.forget(file) } }
        case .url(let url, _):
            for file in files { try fetch(file, url) }
        case .folder(let folder):
            for file in files where unit.isFetched {
                let stamp = try copy(file, file.url(in: folder))
                try WorkFolder.write(stamp, to: work.stamp(unit, file))
            }
            if !unit.isFetched { try verifyInPlace(files) }
        }
    }

    private func fetch(_ file: ListedFile, _ url: String) throws {
        do {
            try fetch(file, address: url, token: nil)
        } catch let error as PreparationError {
            // The server's answer to an earlier run may describe an older file.
            if case .wrongSize = error {
                try WorkFolder.remove(work.answer(source: unit.source.name))
            }
            throw error
        }
    }

    /// Fetches, verifies and stamps a file.
    private func fetch(_ file: ListedFile, address: String, token: String?) throws {
        let place = state.fetched(file)
        let hash = try PreparationError.fetching {
            try FileDownload(
                url: address, token: token, check: file.check, destination: place,
                context: context.transfer
            ).run()
        }
        try WorkFolder.write(FileStamp(of: place, sha256: hash), to: work.stamp(unit, file))
    }

    private func fetchByHTTP(_ files: [ListedFile], _ repository: HubRepository) throws {
        let hub = HubAccess(context.options.environment)
        let commit = unit.commit ?? repository.revision
        for file in files {
            let address = repository.reference.address(of: file.path, commit: commit, hub)
            do {
                try fetch(file, address: address, token: hub.token)
            } catch PreparationError.refused(_, let status) where status == 401 || status == 403 {
                throw PreparationError.gated(
                    repository: repository.name,
                    reason: "the Hub answers with status \(status) to \(file.path)")
            }
        }
    }

    /// Compares a fetched file with its check; `onFailure` makes the next run fetch it again.
    private func verify(_ file: ListedFile, onFailure: () throws -> Void) throws {
        let url = state.fetched(file)
        let hash = try FileStamp.sha256(of: url, context)
        let stamp = try FileStamp(of: url, sha256: hash)
        do {
            try PreparationError.fetching {
                try file.check.verify(file.path, size: stamp.size, sha256: hash)
            }
        } catch {
            try onFailure()
            throw error
        }
        try WorkFolder.write(stamp, to: work.stamp(unit, file))
    }

    /// Archives of a local folder are read in place; only those with a hash are read twice.
    private func verifyInPlace(_ files: [ListedFile]) throws {
        for file in files where file.sha256 != nil { try verify(file) {} }
    }

    private func copy(_ file: ListedFile, _ from: URL) throws -> FileStamp {
        let destination = state.fetched(file)
        try WorkFolder.makeFolder(destination.deletingLastPathComponent())
        let partial = destination.appendingPathExtension("partial")
        try WorkFolder.remove(partial)
        var target = try PreparationError.fetching { try PartialFile(partial) }
        let descriptor = open(from.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PreparationError.reading(from.path) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            try context.check()
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw PreparationError.reading(from.path) }
            if count == 0 { break }
            try PreparationError.fetching {
                try target.append(
                    UnsafeRawBufferPointer(rebasing: buffer[..<count]), context.transfer)
            }
        }
        try PreparationError.fetching {
            try file.check.verify(from.path, size: target.count, sha256: target.sha256)
            try target.publish(as: destination)
        }
        return try FileStamp(of: destination, sha256: target.sha256)
    }
}

extension HubDownload {
    /// Removes a file, and the metadata that `hf` keeps of it.
    fileprivate func forget(_ file: ListedFile) throws {
        try WorkFolder.remove(file.url(in: folder))
        let note = folder.path + "/.cache/huggingface/download/" + file.path + ".metadata"
        try WorkFolder.remove(URL(fileURLWithPath: note))
    }
}
