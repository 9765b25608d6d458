// Files and folders of a run, each written whole; what goes wrong names it.

import Foundation

/// Writes.
enum RunFile {
    /// Makes a folder and those above it, where they are not there.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func makeFolder(_ url: URL) throws {
        try naming(url) {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
    }

    /// Writes `data`; an older file stays until the new one is complete.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func write(_ data: Data, to url: URL) throws {
        try naming(url) { try data.write(to: url, options: .atomic) }
    }

    /// Writes `value` as JSON for people: indented, with sorted keys.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func write(json value: some Encodable, to url: URL) throws {
        try naming(url) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(value).write(to: url, options: .atomic)
        }
    }

    /// Runs `body`, which writes `url`.
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
