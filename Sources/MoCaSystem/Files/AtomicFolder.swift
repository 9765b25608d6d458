// A folder that appears under its name only when everything in it is complete.

package import Foundation

/// Folders that are written beside their names, with the durability that `AtomicFile` promises.
///
/// The files go to `.NAME.partial`. An older folder `NAME` is exchanged with it in one step; if the
/// file system cannot do so, the older one is first renamed to `.NAME.old`, and a kill at that
/// moment is undone by the next `write` or `removeLeftovers`.
package enum AtomicFolder {
    /// Creates the folder `url` with the files that `body` writes into the folder passed to it, and
    /// replaces an older folder of that name.
    ///
    /// - Throws: `SystemFileError` for `url`, with the cause `.inUse` if another process writes
    ///   the same folder; errors of `body`.
    package static func write(_ url: URL, _ body: (URL) throws -> Void) throws {
        let partial = partial(of: url)
        let lock = try naming(url) { () throws(SystemFileError) in try begin(url, partial) }
        defer { withExtendedLifetime(lock) {} }
        do {
            try body(partial)
        } catch {
            // The written files may be what filled the disk. The error of `body` is the one to
            // report; if the folder cannot be removed, the next writer reuses it.
            _ = Result { try FileSystem.remove(partial) }
            throw error
        }
        try naming(url) { () throws(SystemFileError) in
            try FileSystem.synchronizeAll(in: partial)
            try publish(partial, as: url)
        }
    }

    /// The folder that `write` fills before it becomes `url`.
    package static func partial(of url: URL) -> URL {
        FileSystem.sibling(of: url, suffix: "partial")
    }

    /// Removes the folder `url`, which never appears half removed.
    package static func remove(_ url: URL) throws(SystemFileError) {
        let removed = FileSystem.sibling(of: url, suffix: "removed")
        try FileSystem.remove(removed)
        guard FileSystem.exists(url) else { return }
        try FileSystem.move(url, to: removed)
        try FileSystem.remove(removed)
    }

    /// The folder that a leftover with this name belongs to; nil if it is not a leftover's name.
    package static func folderName(ofLeftover name: String) -> String? {
        guard name.hasPrefix(".") else { return nil }
        for suffix in suffixes where name.hasSuffix(".\(suffix)") {
            return String(name.dropFirst().dropLast(suffix.count + 1))
        }
        return nil
    }

    /// Removes everything that a killed `write` or `remove` left beside `url`; an older folder that
    /// was about to be replaced is renamed back.
    package static func removeLeftovers(of url: URL) throws(SystemFileError) {
        try recover(url, wasWriting: FileSystem.exists(partial(of: url)))
        for suffix in suffixes {
            try FileSystem.remove(FileSystem.sibling(of: url, suffix: suffix))
        }
    }

    private static let suffixes = ["partial", "old", "removed"]

    /// Renames the older folder back if a kill came between the two renames of `publish`.
    ///
    /// - Parameter wasWriting: whether the partial folder exists, that is, was not renamed yet.
    private static func recover(_ url: URL, wasWriting: Bool) throws(SystemFileError) {
        let old = FileSystem.sibling(of: url, suffix: "old")
        // The older folder is complete: it is removed only after the new one has its name.
        if wasWriting, FileSystem.exists(old), !FileSystem.exists(url) {
            try FileSystem.move(old, to: url)
        } else {
            try FileSystem.remove(old)
        }
    }

    /// Creates the empty folder `partial`, and locks it. Leftovers are cleared under the lock, as
    /// they may be another writer's work in progress.
    private static func begin(
        _ url: URL, _ partial: URL
    ) throws(SystemFileError) -> FileLock {
        while true {
            let wasWriting = FileSystem.exists(partial)
            try FileSystem.makeFolder(partial)
            let lock: FileLock
            do {
                lock = try FileLock(folder: partial)
            } catch {
                // The previous holder has renamed the folder in between.
                if error.cause == .missing { continue }
                throw error
            }
            try recover(url, wasWriting: wasWriting)
            try FileSystem.empty(partial)
            return lock
        }
    }

    private static func publish(_ partial: URL, as url: URL) throws(SystemFileError) {
        let parent = url.deletingLastPathComponent()
        guard FileSystem.exists(url) else { return try FileSystem.move(partial, to: url) }
        // The older folder will have the partial one's name until it is removed: without its lock,
        // another writer could start to fill it meanwhile.
        let older = try FileLock(folder: url, waits: true)
        defer { withExtendedLifetime(older) {} }
        if try SystemCall.exchange(partial.path, url.path) {
            try FileSystem.synchronizeFolder(parent)
            try FileSystem.remove(partial)
        } else {
            let old = FileSystem.sibling(of: url, suffix: "old")
            try FileSystem.move(url, to: old)
            try FileSystem.move(partial, to: url)
            try FileSystem.remove(old)
        }
    }

    private static func naming<Value>(
        _ url: URL, _ body: () throws(SystemFileError) -> Value
    ) throws(SystemFileError) -> Value {
        do {
            return try body()
        } catch {
            throw error.naming(url)
        }
    }
}
