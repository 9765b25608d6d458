// Atomic writes of the files and folders of a run, with errors that name the path.

import Foundation
import MoCaSettings
import MoCaSystem

/// Atomic writes: each file or folder of a run is complete or absent.
enum RunFile {
    /// Creates a folder and its missing parents.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func makeFolder(_ url: URL) throws {
        try naming(url) { try FileSystem.makeFolder(url) }
    }

    /// Creates the folder `url` with the files that `body` writes into the temporary folder passed
    /// to it, replacing an existing folder.
    ///
    /// - Throws: `TrainingError.cannotWrite`, and errors of `body`.
    static func writeFolder(_ url: URL, _ body: (URL) throws -> Void) throws {
        do {
            try AtomicFolder.write(url, body)
        } catch let error as SystemFileError {
            throw TrainingError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    /// Writes `data`; an existing file stays until the new one is complete.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func write(_ data: Data, to url: URL) throws {
        try naming(url) { try AtomicFile.write(data, to: url) }
    }

    /// Writes `value` as readable JSON: indented, with sorted keys.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func write(json value: some Encodable, to url: URL) throws {
        try naming(url) { try AtomicFile.write(json: value, as: .indented, to: url) }
    }

    /// Runs `body`, which writes or removes `url`; any error is rethrown with that path.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func naming(_ url: URL, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
    }
}
