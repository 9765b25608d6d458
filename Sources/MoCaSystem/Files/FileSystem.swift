// Creates folders, moves and removes files, and synchronises both.

package import Foundation

/// Changes of the file system, in calls whose errors name the path.
package enum FileSystem {
    /// Creates a folder and its missing parents.
    package static func makeFolder(_ url: URL) throws(SystemFileError) {
        do {
            try SystemCall.makeFolder.perform(url.path) { mkdir(url.path, 0o777) }
        } catch {
            // The parent of `a/..` is `a/../..`, so that only a shorter path brings an end nearer.
            let parent = url.deletingLastPathComponent()
            if error.cause == .missing, parent.path.count < url.path.count {
                try makeFolder(parent)
                try SystemCall.makeFolder.perform(url.path) {
                    mkdir(url.path, 0o777) == 0 || errno == EEXIST ? 0 : -1
                }
                return
            }
            guard error.code == EEXIST else { throw error }
            if isFolder(url, followsLinks: true) { return }
            // Another process may have removed it since then.
            guard !exists(url) else { throw error }
            try makeFolder(url)
        }
    }

    /// Renames a file or folder, replacing any file of the new name.
    ///
    /// - Parameter synchronizes: false leaves it to the caller to synchronise the folder, once
    ///   for many files.
    package static func move(
        _ source: URL, to destination: URL, synchronizes: Bool = true
    ) throws(SystemFileError) {
        try SystemCall.rename.perform(destination.path) { rename(source.path, destination.path) }
        if synchronizes { try synchronizeFolder(destination.deletingLastPathComponent()) }
    }

    /// Creates a symbolic link, replacing any file of its name.
    ///
    /// - Parameter target: the text of the link, relative to its folder.
    package static func link(_ url: URL, to target: String) throws(SystemFileError) {
        let new = sibling(of: url, suffix: "\(UUID().uuidString).link")
        try SystemCall.open.perform(url.path) { symlink(target, new.path) }
        do {
            try move(new, to: url, synchronizes: false)
        } catch {
            // The link is useless under its temporary name.
            _ = Result { try remove(new) }
            throw error
        }
    }

    /// The free space of the disk that holds `url`, or would hold it, in bytes.
    package static func freeBytes(at url: URL) throws(SystemFileError) -> Int {
        var folder = url.standardizedFileURL
        while !exists(folder), folder.path != "/" { folder = folder.deletingLastPathComponent() }
        var system = statvfs()
        guard statvfs(folder.path, &system) == 0 else {
            throw SystemFileError(path: folder.path, code: errno)
        }
        return Int(system.f_bavail) * Int(system.f_frsize)
    }

    /// Removes a file, or a folder with its contents; a missing file is not an error.
    package static func remove(_ url: URL) throws(SystemFileError) {
        if isFolder(url, followsLinks: false) {
            try empty(url)
            try removing(url) { rmdir(url.path) }
        } else {
            try removing(url) { unlink(url.path) }
        }
    }

    /// Removes the contents of a folder.
    static func empty(_ folder: URL) throws(SystemFileError) {
        for name in try names(in: folder) { try remove(folder.appending(path: name)) }
    }

    private static func removing(_ url: URL, _ body: () -> Int32) throws(SystemFileError) {
        do {
            try SystemCall.remove.perform(url.path, body)
        } catch {
            guard error.cause == .missing else { throw error }
        }
    }

    /// Waits until the contents of a file are on disk.
    package static func synchronize(_ url: URL) throws(SystemFileError) {
        let descriptor = try SystemCall.open.perform(url.path) {
            open(url.path, O_RDONLY | O_CLOEXEC)
        }
        defer { close(descriptor) }
        try SystemCall.synchronize.perform(url.path) { fsync(descriptor) }
    }

    /// Waits until the names in a folder are on disk; tolerates a file system that refuses to
    /// synchronise folders, and a folder that is writable but not readable.
    package static func synchronizeFolder(_ url: URL) throws(SystemFileError) {
        do {
            try synchronize(url)
        } catch {
            let refusals = [EINVAL, ENOTSUP, ENOSYS, EBADF, EROFS, EACCES]
            guard refusals.contains(error.code) else { throw error }
        }
    }

    /// Waits until a folder and its contents are on disk.
    static func synchronizeAll(in folder: URL) throws(SystemFileError) {
        for name in try names(in: folder) {
            let url = folder.appending(path: name)
            var status = stat()
            guard lstat(url.path, &status) == 0 else {
                throw SystemFileError(path: url.path, code: errno)
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try synchronizeAll(in: url)
            case S_IFREG: try synchronize(url)
            default: continue
            }
        }
        try synchronizeFolder(folder)
    }

    /// Whether a file, a folder or a link of this name exists.
    static func exists(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) == 0
    }

    private static func isFolder(_ url: URL, followsLinks: Bool) -> Bool {
        var status = stat()
        let result = followsLinks ? stat(url.path, &status) : lstat(url.path, &status)
        return result == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, sorted.
    private static func names(in folder: URL) throws(SystemFileError) -> [String] {
        guard let stream = opendir(folder.path) else {
            throw SystemFileError(path: folder.path, code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { bytes in
                bytes.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SystemFileError(path: folder.path, code: errno) }
        return names.sorted()
    }

    /// The URL of the hidden file beside `url` that is used until the file is complete.
    static func sibling(of url: URL, suffix: String) -> URL {
        let name = url.lastPathComponent
        // A file name has at most 255 bytes.
        let stem = name.utf8.count <= 240 ? name : ContentID(of: name).text
        return url.deletingLastPathComponent().appending(path: ".\(stem).\(suffix)")
    }
}
