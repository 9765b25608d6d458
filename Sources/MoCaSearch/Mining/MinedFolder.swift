// The folder of a mined subset: `train.parquet` and `mining.json`, complete or absent.

import Foundation
import MoCaData
import MoCaTables

/// Writes beside the folder's name, and renames when both files are complete.
struct MinedFolder {
    static let recordsName = "train.parquet"

    let url: URL
    private var partial: URL {
        url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).partial")
    }

    init(_ url: URL) {
        self.url = url
    }

    /// Whether a run has finished it.
    var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    /// Writes both files.
    ///
    /// - Parameter records: appends all records.
    /// - Throws: `SearchError.cannotWriteMined`, `DataError.cannotWrite`.
    func write(_ report: MiningReport, records: (ContrastiveWriter) throws -> Void) throws {
        try naming {
            if FileManager.default.fileExists(atPath: partial.path) {
                // Left by a run that was killed.
                try FileManager.default.removeItem(at: partial)
            }
            try FileManager.default.createDirectory(
                at: partial, withIntermediateDirectories: true)
        }
        let writer = try ContrastiveWriter(partial.appending(path: Self.recordsName))
        try records(writer)
        try writer.finish()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = try encoder.encode(report) + Data("\n".utf8)
        try naming {
            try text.write(to: partial.appending(path: MiningReport.fileName), options: .atomic)
            try FileManager.default.moveItem(at: partial, to: url)
        }
    }

    /// Names the folder in what `body` throws.
    private func naming(_ body: () throws -> Void) throws(SearchError) {
        do {
            try body()
        } catch {
            throw .cannotWriteMined(path: url.path, reason: error.localizedDescription)
        }
    }
}
