// What is known about an output between runs, in `.moca-prepare` inside it: `fetched` has what is
// not in place yet, `unpacked` archives that are being unpacked, `state` a small file for each
// file and archive that is finished.

import Foundation

/// The places of one output.
struct WorkFolder: Sendable {
    let output: URL
    private var root: URL { output.appending(path: InnerPath.workFolder) }

    init(_ output: URL) {
        self.output = output
    }

    /// Where the files of a unit are fetched to.
    func fetched(_ unit: PreparationUnit) -> URL {
        // A folder of its own for each unit: it is removed when the unit is finished.
        let folder = unit.key.isEmpty ? "files" : "archives/\(Self.flat(unit.key))"
        return root.appending(path: "fetched/\(unit.source.name)/\(folder)")
    }

    /// Where an archive is unpacked to.
    func unpacked(_ unit: PreparationUnit) -> URL {
        root.appending(path: "unpacked/\(unit.source.name)/\(Self.flat(unit.key))")
    }

    /// What is known of a whole archive.
    func archiveState(_ unit: PreparationUnit) -> URL {
        root.appending(path: "state/\(unit.source.name)/\(Self.flat(unit.key)).archive")
    }

    /// Sizes and paths of what an archive gave.
    func entryList(_ unit: PreparationUnit) -> URL {
        root.appending(path: "state/\(unit.source.name)/\(Self.flat(unit.key)).entries")
    }

    /// The stamp of one file.
    func stamp(_ unit: PreparationUnit, _ file: ListedFile) -> URL {
        root.appending(path: "state/\(unit.source.name)/\(Self.flat(file.path)).file")
    }

    /// What the server of a source said of its file.
    func answer(source: String) -> URL {
        root.appending(path: "state/\(source)/answer.json")
    }

    /// Removes folders of unfinished work that have nothing in them; no unit may be at work.
    func removeEmptyFolders() throws {
        for name in ["fetched", "unpacked"] {
            try FolderWalk.removeEmptyFolders(root.appending(path: name))
        }
    }

    /// One name for a path.
    private static func flat(_ path: String) -> String {
        path.replacing("%", with: "%25").replacing("/", with: "%2F")
    }

    /// Keeps other processes out as long as the result is held.
    ///
    /// - Throws: `PreparationError.inUse`, `.cannotWrite`.
    func lock() throws -> FileHandle {
        try Self.makeFolder(root)
        let path = root.appending(path: "lock").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw PreparationError.writing(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // File systems without locks answer otherwise; there the lock is left out.
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw PreparationError.inUse(folder: output.path)
        }
        return handle
    }

    /// Bytes that may still be written there.
    func freeBytes() throws -> Int {
        var folder = output
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder = folder.deletingLastPathComponent()
        }
        var system = statvfs()
        guard statvfs(folder.path, &system) == 0 else {
            throw PreparationError.reading(folder.path)
        }
        return Int(system.f_bavail) * Int(system.f_frsize)
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ url: URL) throws {
        if mkdir(url.path, 0o755) == 0 { return }
        let code = errno
        if code == ENOENT, url.path.count > 1 {
            try makeFolder(url.deletingLastPathComponent())
            if mkdir(url.path, 0o755) == 0 || errno == EEXIST { return }
            throw PreparationError.writing(url.path)
        }
        var status = stat()
        guard code == EEXIST, stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR
        else { throw PreparationError.writing(url.path, code) }
    }

    /// Removes a file or a folder; it may be missing.
    static func remove(_ url: URL) throws {
        var status = stat()
        guard lstat(url.path, &status) == 0 else { return }
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            throw PreparationError.cannotWrite(path: url.path, reason: error.localizedDescription)
        }
    }

    /// Writes a small file beside, and renames it.
    static func write(_ value: some Encodable, to url: URL) throws {
        try makeFolder(url.deletingLastPathComponent())
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(value).write(to: url, options: .atomic)
        } catch {
            throw PreparationError.cannotWrite(path: url.path, reason: error.localizedDescription)
        }
    }

    /// What `write` wrote; nil where nothing is, or what it is is unknown to this version: then the
    /// work is done again.
    static func read<Value: Decodable>(_ type: Value.Type, _ url: URL) -> Value? {
        guard let data = FileManager.default.contents(atPath: url.path) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            return nil
        }
    }
}
