// A folder that appears under its name only when everything in it is on the disk.

import Foundation

/// Writes beside the destination, and renames.
enum CompleteFolder {
    /// Makes the folder `url` with what `body` writes into the folder it is given; an older folder
    /// of that name is replaced.
    ///
    /// - Throws: `TrainingError.cannotWrite`, and what `body` throws.
    static func write(_ url: URL, _ body: (URL) throws -> Void) throws {
        let parent = url.deletingLastPathComponent()
        let partial = parent.appending(path: ".\(url.lastPathComponent).partial")
        let old = parent.appending(path: ".\(url.lastPathComponent).old")
        let files = FileManager.default
        try RunFile.naming(url) {
            for leftOver in [partial, old] where files.fileExists(atPath: leftOver.path) {
                try files.removeItem(at: leftOver)
            }
            try files.createDirectory(at: partial, withIntermediateDirectories: true)
        }
        do {
            try body(partial)
        } catch {
            // What was written may be what filled the disk. That it cannot be removed matters less
            // than why it was not finished.
            _ = Result { try files.removeItem(at: partial) }
            throw error
        }
        try RunFile.naming(url) {
            try synchronizeAll(partial)
            if files.fileExists(atPath: url.path) { try files.moveItem(at: url, to: old) }
            try files.moveItem(at: partial, to: url)
            try synchronize(parent)
            if files.fileExists(atPath: old.path) { try files.removeItem(at: old) }
        }
    }

    /// Puts a folder on the disk, with all that is in it.
    private static func synchronizeAll(_ folder: URL) throws {
        let contents = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: [.isDirectoryKey])
        for url in contents {
            if try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true {
                try synchronizeAll(url)
            } else {
                try synchronize(url)
            }
        }
        try synchronize(folder)
    }

    /// Puts a file or a folder's list of names on the disk.
    ///
    /// - Throws: `CocoaError`.
    static func synchronize(_ url: URL) throws {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
        defer { close(descriptor) }
        // Some file systems refuse to synchronise folders.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw CocoaError(.fileWriteUnknown)
        }
    }
}
