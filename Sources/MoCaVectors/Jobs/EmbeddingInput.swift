// The source of a job's records.

package import Foundation
import MoCaData
import MoCaTables

/// The input of a job.
package enum EmbeddingInput: Sendable, Hashable {
    /// A `.jsonl`, `.txt`, `.parquet`, `.arrow` or `.tar` file; JSONL and tar may be compressed.
    case file(URL)
    /// JSONL from standard input.
    case standardInput
    /// Image files, one record per file.
    case images([URL])

    /// - Throws: `DataError`, `VectorError.inputMissing`.
    func reader() throws -> EmbedRecordReader {
        switch self {
        case .file(let url): return try EmbedRecordReader(file: url)
        case .standardInput: return EmbedRecordReader(jsonLines: .standardInput)
        case .images(let urls):
            let isThere = { FileManager.default.fileExists(atPath: $0) }
            if let absent = urls.first(where: { !isThere($0.path) }) {
                throw VectorError.inputMissing(path: absent.path)
            }
            return EmbedRecordReader(images: urls)
        }
    }

    /// The number of records, for a progress bar; nil if unknown in advance. Blank lines are
    /// counted, so it may be too high.
    ///
    /// - Throws: `DataError`.
    package func recordCount() throws -> Int? {
        switch self {
        case .standardInput: return nil
        case .images(let urls): return urls.count
        case .file(let url):
            switch RecordFormat(url) {
            case .parquet, .arrow: return try TableFile(url).rowCount
            // Counting would decompress or scan the whole file.
            case .webDataset, .jsonLines(isCompressed: true): return nil
            case .jsonLines(isCompressed: false), nil: break
            }
            let bytes = try Data(contentsOf: url, options: .mappedIfSafe)
            let lines = bytes.withUnsafeBytes { $0.count { $0 == UInt8(ascii: "\n") } }
            return bytes.last == UInt8(ascii: "\n") || bytes.isEmpty ? lines : lines + 1
        }
    }
}
