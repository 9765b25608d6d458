// Lists the files below a folder, and moves them into another.

import Foundation
import MoCaSystem

/// Walks and merges folders.
enum FolderWalk {
    /// Calls `body` with the path, URL and size of every file, in the order of names; a missing
    /// folder has no files.
    ///
    /// - Parameter followsLinks: Whether a link counts as its target, which must exist.
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
                // Renamed in the meantime, by the program that fetches.
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
            let listing = try FolderListing(of: folder.path)
            if let name = listing.undecodableNames.first {
                throw PreparationError.cannotRead(
                    path: "\(folder.path)/\(name)", reason: "its name is not UTF-8")
            }
            return listing.names
        } catch POSIXError.ENOENT {
            return []
        } catch let error as POSIXError {
            throw PreparationError.cannotRead(path: folder.path, reason: error.localizedDescription)
        }
    }

    /// Removes a folder and its subfolders, except those that contain files.
    static func removeEmptyFolders(_ folder: URL) throws {
        for name in try names(in: folder) {
            let url = URL(fileURLWithPath: folder.path + "/" + name, isDirectory: false)
            var status = stat()
            if lstat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                try removeEmptyFolders(url)
            }
        }
        // A folder that is not empty stays.
        guard rmdir(folder.path) == 0 || [ENOENT, ENOTEMPTY, EEXIST].contains(errno) else {
            throw PreparationError.writing(folder.path)
        }
    }

    /// Moves the contents of a folder into another; may be repeated after an interruption. A file
    /// that exists already must have the same bytes.
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
        // The files must have their names on the disk before their old folder is removed.
        try PreparationError.writing { try FileSystem.synchronizeFolder(destination) }
        try WorkFolder.remove(folder)
    }
}
