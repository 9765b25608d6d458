// All errors of data, with location and remedy.

import Foundation
package import MoCaCore

/// Errors between files and batches.
package enum DataError: UserFacingError, Equatable {
    // Files
    case fileMissing(path: String)
    case unknownFormat(path: String)
    case unreadableFile(path: String, reason: String)
    /// A file named as JSON lines has other contents.
    case notJSONLines(path: String, found: String)
    case inputOutput(path: String, reason: String)
    /// A Git LFS pointer is in the place of the file itself.
    case lfsPointer(path: String)
    /// An intact file, or entry of an archive, uses an unsupported feature.
    case unsupportedFile(path: String, entry: String?, reason: String, remedy: String)
    /// A line of a tab-separated file is invalid.
    case malformedFields(RecordLocation, reason: String)
    /// The first line of a tab-separated file does not name the columns.
    case headerMissing(path: String, expected: [String], found: String)
    case damagedBlock(path: String, block: Int, reason: String)
    case damagedStream(path: String, line: Int, reason: String)
    case malformedLine(RecordLocation, reason: String)
    case malformedSample(RecordLocation, reason: String)
    case cannotUnpack(path: String, folder: String, reason: String)
    case cannotWrite(path: String, reason: String)

    // Archives
    case unreadableArchive(path: String, entry: String?, reason: String)
    case archiveOutOfOrder(path: String)
    case archiveMemberMissing(
        RecordLocation, archive: String, member: String, nearest: [String])

    // Columns and cells
    case columnMissing(path: String, column: String, available: [String])
    case columnType(RecordLocation, column: String, found: String, expected: String)
    case valueMissing(RecordLocation, column: String)
    case invalidText(RecordLocation, column: String)
    case listsDiffer(RecordLocation, columns: [String], counts: [Int])

    // Contents
    case placeholderCount(RecordLocation, field: String, placeholders: Int, images: Int)
    case strayImageToken(RecordLocation, field: String, token: String)
    case emptyContent(RecordLocation, field: String)
    case imageMissing(RecordLocation, path: String)
    case imageNotFetched(RecordLocation, url: String)
    case imageIsFolder(RecordLocation, path: String)
    /// The value for an image's path is base64 without `data:` before it.
    case imageWithoutScheme(RecordLocation, start: String)
    case unreadableDataURL(RecordLocation, reason: String)
    case duplicateRecord(RecordLocation, what: String)

    // Subsets, order and batches
    case noDataFiles(folder: String, subfolders: [String])
    case severalSplits(folder: String, splits: [String])
    case duplicateSubset(name: String)
    case badWeights(reason: String)
    case subsetTooSmall(name: String, rows: Int, batchSize: Int)
    case nothingUsable(subset: String, tried: Int)
    case sampleOverBudget(SampleID, cost: Int, budget: Int)
    case cursorMismatch(reason: String)
    case quarantinedRowMissing(SampleID, rows: Int)
    case quarantinedSubsetMissing(SampleID, file: String?, known: [String])
    case tooManyFailures(Int, drawn: Int, maxErrorRate: Double, last: String)

    package var kind: FailureKind {
        switch self {
        case .fileMissing, .noDataFiles, .severalSplits, .imageMissing, .archiveMemberMissing,
            .lfsPointer, .imageNotFetched, .imageIsFolder:
            .inputMissing
        case .inputOutput: .inputOutput
        case .cannotWrite, .cannotUnpack: .cannotCreateOutput
        case .duplicateSubset, .badWeights, .subsetTooSmall, .sampleOverBudget, .cursorMismatch,
            .quarantinedRowMissing, .quarantinedSubsetMissing:
            .badConfiguration
        default: .badData
        }
    }
}
