// Files and folders of a run, whose errors name them.

import Foundation
import MoCaSystem

/// Files and folders of a run, each complete or absent.
enum RunFile {
    /// Makes a folder and the folders above it, where they do not exist.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func makeFolder(_ url: URL) throws {
        try naming(url) { try FileSystem.makeFolder(url) }
    }

    /// Makes the folder `url` with what `body` writes into the folder that it is given, in place of
    /// an older folder of that name.
    ///
    /// - Throws: `TrainingError.cannotWrite`, and what `body` throws.
    static func writeFolder(_ url: URL, _ body: (URL) throws -> Void) throws {
        do {
            try AtomicFolder.write(url, body)
        } catch let error as SystemFileError {
            throw TrainingError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    /// Writes `data`; an older file stays until the new one is complete.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func write(_ data: Data, to url: URL) throws {
        try naming(url) { try AtomicFile.write(data, to: url) }
    }

    /// Writes `value` as JSON for people: indented, with sorted keys.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func write(json value: some Encodable, to url: URL) throws {
        try naming(url) { try AtomicFile.write(json: value, to: url) }
    }

    /// Runs `body`, which writes or removes `url`.
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
