// The folder of a mined subset: `train.parquet` and `mining.json`, complete or absent.

import Foundation
import MoCaData
import MoCaSettings
import MoCaSystem
import MoCaTables

/// The folder of a mined subset.
struct MinedFolder {
    static let recordsName = "train.parquet"

    let url: URL

    init(_ url: URL) {
        self.url = url
    }

    /// Whether a run has completed the folder.
    var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    /// Writes both files.
    ///
    /// - Parameter records: appends all records to the writer.
    /// - Throws: `SearchError.cannotWriteMined`, `DataError.cannotWrite`.
    func write(_ report: MiningReport, records: (ContrastiveWriter) throws -> Void) throws {
        do {
            try AtomicFolder.write(url) { partial in
                let writer = try ContrastiveWriter(partial.appending(path: Self.recordsName))
                try records(writer)
                try writer.finish()
                try AtomicFile.write(
                    json: report, as: .document,
                    to: partial.appending(path: MiningReport.fileName))
            }
        } catch let error as SystemFileError {
            throw SearchError.cannotWriteMined(path: url.path, reason: error.reason)
        }
    }
}
