// Files below a folder, and how they are moved into another.

import Foundation
import MoCaSystem

/// Walks and merges folders.
enum FolderWalk {
    /// Calls `body` with path, place and size of every file, in the order of names; a folder that
    /// is not there has none.
    ///
    /// - Parameter followsLinks: whether a link counts as what it points to, which must be there.
    static func forEachFile(
        in folder: URL, followsLinks: Bool = false,
        _ body: (_ path: String, _ url: URL, _ size: Int) throws -> Void
    ) throws {
        try walk(folder, prefix: "", followsLinks, body)
    }

    private static func walk(
        _ folder: URL, prefix: String, _ followsLinks: Bool,
        _ body: (String, URL, Int) throws -> Void
    ) throws {
        for name in try names(in: folder) {
            let url = URL(fileURLWithPath: folder.path + "/" + name, isDirectory: false)
            var status = stat()
            guard (followsLinks ? stat(url.path, &status) : lstat(url.path, &status)) == 0 else {
                if followsLinks { throw PreparationError.reading(url.path) }
                // It was renamed in between, by a program that fetches.
                continue
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                try walk(url, prefix: prefix + name + "/", followsLinks, body)
            } else {
                try body(prefix + name, url, Int(status.st_size))
            }
        }
    }

    private static func names(in folder: URL) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        } catch CocoaError.fileReadNoSuchFile {
            return []
        } catch {
            throw PreparationError.cannotRead(path: folder.path, reason: error.localizedDescription)
        }
    }

    /// Removes a folder, and those in it, as far as there is no file in them.
    static func removeEmptyFolders(_ folder: URL) throws {
        for name in try names(in: folder) {
            let url = URL(fileURLWithPath: folder.path + "/" + name, isDirectory: false)
            var status = stat()
            if lstat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                try removeEmptyFolders(url)
            }
        }
        // One that holds something stays.
        guard rmdir(folder.path) == 0 || [ENOENT, ENOTEMPTY, EEXIST].contains(errno) else {
            throw PreparationError.writing(folder.path)
        }
    }

    /// Moves what is in a folder into another; may be repeated when it was cut off. A file that is
    /// there already must have the same bytes.
    ///
    /// - Throws: `PreparationError.conflict`.
    static func merge(_ folder: URL, into destination: URL, archive: String) throws {
        try WorkFolder.makeFolder(destination)
        for name in try names(in: folder) {
            let from = URL(fileURLWithPath: folder.path + "/" + name, isDirectory: false)
            let to = URL(fileURLWithPath: destination.path + "/" + name, isDirectory: false)
            var (old, new) = (stat(), stat())
            guard lstat(from.path, &new) == 0 else { throw PreparationError.reading(from.path) }
            let isFolder = new.st_mode & S_IFMT == S_IFDIR
            guard stat(to.path, &old) == 0 else {
                try PreparationError.writing {
                    try FileSystem.move(from, to: to, synchronizes: false)
                }
                continue
            }
            if isFolder, old.st_mode & S_IFMT == S_IFDIR {
                try merge(from, into: to, archive: archive)
            } else {
                guard !isFolder, old.st_mode & S_IFMT == S_IFREG, old.st_size == new.st_size,
                    FileManager.default.contentsEqual(atPath: from.path, andPath: to.path)
                else { throw PreparationError.conflict(archive: archive, path: to.path) }
            }
        }
        // The files have their names on the disk before the folder that they came from is gone.
        try PreparationError.writing { try FileSystem.synchronizeFolder(destination) }
        try WorkFolder.remove(folder)
    }
}
