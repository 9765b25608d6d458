// Downloads a snapshot into the cache, in huggingface_hub's layout: blobs first, each under its
// lock, then links to them, and the branch or tag last.

import Foundation
import MoCaCore
import MoCaSystem
import Synchronization

/// Downloads the files that a model or an adapter needs.
struct SnapshotDownload: Sendable {
    private static let threadCount = 4
    private static let lockPollSeconds = 0.1

    let repository: HubReference
    let content: ModelContent
    let listing: HubListing
    let cache: HubCache
    let access: HubAccess
    let context: TransferContext

    private var snapshot: HubSnapshot {
        HubSnapshot(
            folder: cache.snapshot(listing.commit, of: repository), name: repository.name,
            commit: listing.commit)
    }

    /// The files that are not in the cache yet. Before the index of a sharded model is there, the
    /// shards are recognised by their names.
    ///
    /// - Throws: `HubError`.
    func neededFiles() throws -> [HubFile] {
        let index = FileManager.default.contents(
            atPath: snapshot.folder.appending(path: ModelContent.index).path)
        let settings = try content.settings(in: listing, of: repository)
        return settings + (try content.weights(in: listing, index: index, of: repository))
    }

    /// Fetches what is missing.
    ///
    /// - Throws: `HubError`, errors of the context's `check`.
    func run() throws -> HubSnapshot {
        try requireSpace(for: try neededFiles())
        let settings = try content.settings(in: listing, of: repository)
        try fetch(settings)
        let index = FileManager.default.contents(
            atPath: snapshot.folder.appending(path: ModelContent.index).path)
        try fetch(try content.weights(in: listing, index: index, of: repository))
        try markAbsences()
        try writeRef()
        return snapshot
    }

    /// The bytes that are still to be fetched.
    func missingBytes(_ files: [HubFile]) -> Int {
        files.filter { !isHere($0) }.reduce(0) { sum, file in
            let tag = file.entityTag ?? ""
            let partial = cache.blob("\(tag).incomplete", of: repository)
            let have =
                HubCache.size(of: cache.blob(tag, of: repository))
                ?? HubCache.size(of: partial) ?? 0
            return sum + max(0, (file.size ?? 0) - have)
        }
    }

    private func isHere(_ file: HubFile) -> Bool {
        FileManager.default.fileExists(atPath: snapshot.folder.appending(path: file.path).path)
    }

    private func requireSpace(for files: [HubFile]) throws {
        let needed = missingBytes(files)
        try HubError.writing { try FileSystem.makeFolder(cache.root) }
        let free = try HubError.writing { try FileSystem.freeBytes(at: cache.root) }
        guard needed <= free else {
            throw HubError.notEnoughSpace(folder: cache.root.path, needed: needed, free: free)
        }
        if needed > 0 { context.progress.begin("bytes", total: needed, unit: .bytes) }
    }

    // MARK: Files

    /// The state that the threads of a download share.
    fileprivate struct Progress {
        var next = 0
        var failure: (any Error)?
    }

    private func fetch(_ files: [HubFile]) throws {
        let missing = files.filter { !isHere($0) }
        let progress = Mutex(Progress())
        // The threads wait for servers and disks, so more of them than processors are useful.
        let threads = (0..<min(Self.threadCount, missing.count)).map { index in
            DedicatedThread(name: "moca.hub.\(index)") {
                while let index = progress.withLock({ $0.take(below: missing.count) }) {
                    do {
                        try fetch(missing[index])
                    } catch {
                        progress.withLock { $0.failure = $0.failure ?? error }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        if let failure = progress.withLock({ $0.failure }) { throw failure }
    }

    private func fetch(_ file: HubFile) throws {
        try context.check()
        guard let tag = file.entityTag, Self.isTag(tag), Self.isInside(file.path) else {
            throw HubError.unavailable(
                what: repository.name, reason: "its listing has no usable hash of \(file.path)")
        }
        let blob = cache.blob(tag, of: repository)
        let lock = try wait(for: cache.lock(tag, of: repository))
        defer { withExtendedLifetime(lock) {} }
        if HubCache.size(of: blob) == nil { try fetch(file, to: blob) }
        try link(file, to: tag)
    }

    private func fetch(_ file: HubFile, to blob: URL) throws {
        let download = FileDownload(
            url: repository.address(of: file.path, commit: listing.commit, access),
            token: access.token, check: file.check, destination: blob,
            name: "\(repository.name)/\(file.path)",
            partial: blob.appendingPathExtension("incomplete"), context: context)
        do {
            try download.run()
        } catch HubError.refused(_, let status) where status == 401 || status == 403 {
            throw HubError.gated(
                name: repository.name,
                reason: "the Hub answers with status \(status) to \(file.path)",
                hasToken: access.token != nil)
        }
    }

    /// Waits until no other process, of whatever program, writes the blob.
    private func wait(for lock: URL) throws -> FileLock {
        try HubError.writing { try FileSystem.makeFolder(lock.deletingLastPathComponent()) }
        var isNoted = false
        while true {
            do {
                return try FileLock(lock)
            } catch {
                guard error.cause == .inUse else { throw HubError.writing(error) }
                if !isNoted {
                    context.progress.note(
                        "\(repository.name): another process fetches it; waiting")
                }
                isNoted = true
                try context.wait(seconds: Self.lockPollSeconds)
            }
        }
    }

    /// Links a file of the snapshot to its blob; moves the blob there on a file system without
    /// links, as huggingface_hub does.
    private func link(_ file: HubFile, to tag: String) throws {
        let place = snapshot.folder.appending(path: file.path)
        let depth = file.path.split(separator: "/").count - 1
        let target = String(repeating: "../", count: depth + 2) + "blobs/\(tag)"
        try HubError.writing {
            try FileSystem.makeFolder(place.deletingLastPathComponent())
            do {
                try FileSystem.link(place, to: target)
            } catch let error as SystemFileError {
                guard [EPERM, ENOTSUP, ENOSYS].contains(error.code) else { throw error }
                try FileSystem.move(cache.blob(tag, of: repository), to: place)
            }
        }
    }

    /// A tag is a file name of the cache.
    private static func isTag(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9A-Za-z]+/) != nil
    }

    /// A listing is not trusted with paths outside the snapshot.
    private static func isInside(_ path: String) -> Bool {
        !path.hasPrefix("/") && !path.utf8.contains(0)
            && path.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { $0 != ".." && $0 != "." && !$0.isEmpty }
    }

    // MARK: Marks

    /// Marks the optional files that the commit lacks, so that later runs know without a request.
    private func markAbsences() throws {
        let paths = Set(listing.files.map(\.path))
        for path in ModelContent.optional where content == .model && !paths.contains(path) {
            let mark = cache.absence(of: path, listing.commit, repository)
            guard HubCache.size(of: mark) == nil else { continue }
            try HubError.writing {
                try FileSystem.makeFolder(mark.deletingLastPathComponent())
                try AtomicFile.write(Data(), to: mark)
            }
        }
    }

    private func writeRef() throws {
        guard repository.commit == nil else { return }
        let ref = cache.ref(repository)
        guard FileManager.default.contents(atPath: ref.path) != Data(listing.commit.utf8) else {
            return
        }
        try HubError.writing {
            try FileSystem.makeFolder(ref.deletingLastPathComponent())
            try AtomicFile.write(Data(listing.commit.utf8), to: ref)
        }
    }
}

extension SnapshotDownload.Progress {
    /// The next index; nil at the end, or after a failure.
    mutating func take(below count: Int) -> Int? {
        guard next < count, failure == nil else { return nil }
        defer { next += 1 }
        return next
    }
}
