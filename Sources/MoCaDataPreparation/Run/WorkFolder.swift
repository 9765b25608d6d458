// What is known about an output between runs, in `.moca-prepare` inside it: `fetched` has what is
// not in place yet, `unpacked` archives that are being unpacked, `state` a small file for each
// file and archive that is finished.

import Foundation
import MoCaSystem

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
    func lock() throws -> FileLock {
        try Self.makeFolder(root)
        do {
            return try FileLock(root.appending(path: "lock"))
        } catch {
            throw error.cause == .inUse
                ? PreparationError.inUse(folder: output.path) : .writing(error)
        }
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

    /// Makes a folder and the folders above it, where they do not exist.
    static func makeFolder(_ url: URL) throws {
        try PreparationError.writing { try FileSystem.makeFolder(url) }
    }

    /// Removes a file or a folder, which may be missing.
    static func remove(_ url: URL) throws {
        try PreparationError.writing { try FileSystem.remove(url) }
    }

    /// Gives a file or a folder its final name.
    static func move(_ source: URL, to destination: URL) throws {
        try PreparationError.writing { try FileSystem.move(source, to: destination) }
    }

    /// Writes a small file, complete or absent.
    static func write(_ value: some Encodable, to url: URL) throws {
        try makeFolder(url.deletingLastPathComponent())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        try PreparationError.writing { try AtomicFile.write(data, to: url) }
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
