// The state of an output between runs, in `.moca-prepare` inside it: `fetched` has files that are
// not in place yet, `unpacked` has archives that are being unpacked, `state` has a small file for
// each finished file and archive.

import Foundation
import MoCaSettings
import MoCaSystem

/// The locations inside one output.
struct WorkFolder: Sendable {
    let output: URL
    private var root: URL { output.appending(path: InnerPath.workFolder) }

    init(_ output: URL) {
        self.output = output
    }

    /// The folder that the files of a unit are fetched to.
    func fetched(_ unit: PreparationUnit) -> URL {
        // Each unit has its own folder, which is removed when the unit is finished.
        let folder = unit.key.isEmpty ? "files" : "archives/\(Self.flat(unit.key))"
        return root.appending(path: "fetched/\(unit.source.name)/\(folder)")
    }

    /// The folder that an archive is unpacked to.
    func unpacked(_ unit: PreparationUnit) -> URL {
        root.appending(path: "unpacked/\(unit.source.name)/\(Self.flat(unit.key))")
    }

    /// The file with the state of a whole archive.
    func archiveState(_ unit: PreparationUnit) -> URL {
        root.appending(path: "state/\(unit.source.name)/\(Self.flat(unit.key)).archive")
    }

    /// The file with sizes and paths of an archive's entries.
    func entryList(_ unit: PreparationUnit) -> URL {
        root.appending(path: "state/\(unit.source.name)/\(Self.flat(unit.key)).entries")
    }

    /// The file with the stamp of one file.
    func stamp(_ unit: PreparationUnit, _ file: ListedFile) -> URL {
        root.appending(path: "state/\(unit.source.name)/\(Self.flat(file.path)).file")
    }

    /// The file with the server's answer about a source.
    func answer(source: String) -> URL {
        root.appending(path: "state/\(source)/answer.json")
    }

    /// Removes empty folders of unfinished work; no unit may be running.
    func removeEmptyFolders() throws {
        for name in ["fetched", "unpacked"] {
            try FolderWalk.removeEmptyFolders(root.appending(path: name))
        }
    }

    /// A path as one file name.
    private static func flat(_ path: String) -> String {
        path.replacing("%", with: "%25").replacing("/", with: "%2F")
    }

    /// Locks out other processes as long as the result is held.
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

    /// The free space of the output's disk in bytes.
    func freeBytes() throws -> Int {
        do {
            return try FileSystem.freeBytes(at: output)
        } catch {
            throw PreparationError.cannotRead(path: error.path, reason: error.reason)
        }
    }

    /// Makes a folder and its parents, where they do not exist.
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

    /// Writes a small file, which is complete or absent.
    static func write(_ value: some Encodable, to url: URL) throws {
        try makeFolder(url.deletingLastPathComponent())
        try PreparationError.writing { try AtomicFile.write(json: value, as: .line, to: url) }
    }

    /// Reads a value that `write` wrote; nil if there is none, or if this version cannot decode it:
    /// then the work is repeated.
    static func read<Value: Decodable>(_ type: Value.Type, _ url: URL) -> Value? {
        guard let data = FileManager.default.contents(atPath: url.path) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            return nil
        }
    }
}
