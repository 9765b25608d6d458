// The formats of record files, by name ending.

package import Foundation
import MoCaSystem

/// The format of a record file.
package enum RecordFormat: Sendable, Hashable {
    case parquet
    case arrow
    /// One JSON object per line, plain or as a compressed stream.
    case jsonLines(isCompressed: Bool)
    /// A shard of a WebDataset, plain or as a compressed tar.
    case webDataset(isCompressed: Bool)

    private static let endings: [(String, RecordFormat)] =
        [(".parquet", .parquet), (".arrow", .arrow), (".jsonl", .jsonLines(isCompressed: false))]
        + ["gz", "zst", "bz2", "xz"].map { (".jsonl.\($0)", .jsonLines(isCompressed: true)) }
        + [(".tar", .webDataset(isCompressed: false)), (".tgz", .webDataset(isCompressed: true))]
        + ["gz", "zst", "bz2", "xz"].map { (".tar.\($0)", .webDataset(isCompressed: true)) }

    /// The name endings of record files other than shards.
    package static let tableEndings = endings.filter { !$0.1.isWebDataset }.map(\.0)

    /// The format of the name of `url`; nil if it has no known ending.
    package init?(_ url: URL) {
        let name = url.lastPathComponent
        guard let found = Self.endings.first(where: { name.hasSuffix($0.0) }) else { return nil }
        self = found.1
    }

    /// The name of a file or folder without the ending of a format; other endings are kept.
    package static func stem(of name: String) -> String {
        guard let found = endings.first(where: { name.hasSuffix($0.0) }) else { return name }
        return String(name.dropLast(found.0.count))
    }

    /// Whether the file is a compressed stream.
    package var isCompressed: Bool {
        switch self {
        case .jsonLines(let isCompressed), .webDataset(let isCompressed): isCompressed
        case .parquet, .arrow: false
        }
    }

    /// Whether the file is a tar of samples.
    package var isWebDataset: Bool {
        if case .webDataset = self { true } else { false }
    }
}

/// Opens a `.parquet`, `.arrow`, `.jsonl` or `.tar` file; the last two also compressed, as
/// `.jsonl.gz`, `.jsonl.zst`, `.tar.gz`, `.tar.zst`.
///
/// - Throws: `DataError`.
package func openRecordFile(_ url: URL) throws -> any RecordFile {
    guard FileManager.default.fileExists(atPath: url.path) else {
        throw DataError.fileMissing(path: url.path)
    }
    guard !GitLFSPointer.isPointer(at: url) else { throw DataError.lfsPointer(path: url.path) }
    switch RecordFormat(url) {
    case .parquet, .arrow: return try TableFile(url)
    case .jsonLines: return try JSONLinesFile(url)
    case .webDataset: return try WebDatasetFile(url)
    case nil: throw DataError.unknownFormat(path: url.path)
    }
}
