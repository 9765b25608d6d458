// Messages of data errors: WHAT (WHERE): WHY.

import Foundation

extension DataError {
    package var errorDescription: String? {
        switch self {
        case .fileMissing, .unknownFormat, .unreadableFile, .notJSONLines, .inputOutput,
            .lfsPointer, .unsupportedFile, .damagedBlock, .damagedStream, .malformedLine,
            .malformedSample, .malformedFields, .headerMissing, .cannotUnpack, .cannotWrite:
            fileDescription
        case .unreadableArchive, .archiveOutOfOrder, .archiveMemberMissing:
            archiveDescription
        case .columnMissing, .columnType, .valueMissing, .invalidText, .listsDiffer:
            cellDescription
        case .placeholderCount, .strayImageToken, .emptyContent, .imageMissing,
            .imageNotFetched, .imageIsFolder, .imageWithoutScheme,
            .unreadableDataURL, .duplicateRecord:
            contentDescription
        case .noDataFiles, .severalSplits, .duplicateSubset, .badWeights, .subsetTooSmall,
            .nothingUsable, .sampleOverBudget, .cursorMismatch, .quarantinedRowMissing,
            .quarantinedSubsetMissing, .tooManyFailures:
            orderDescription
        }
    }

    private var fileDescription: String? {
        switch self {
        case .fileMissing(let path):
            "cannot open data (\(path)): there is no such file"
        case .unknownFormat(let path):
            "cannot open data (\(path)): the ending names no known format"
        case .unreadableFile(let path, let reason):
            "cannot open data (\(path)): \(reason)"
        case .notJSONLines(let path, let found):
            "cannot open data (\(path)): it is \(found), not one JSON object a line"
        case .inputOutput(let path, let reason):
            "cannot read data (\(path)): \(reason)"
        case .lfsPointer(let path):
            "cannot open data (\(path)): it is a Git LFS pointer, not the file itself"
        case .unsupportedFile(let path, let entry, let reason, _):
            "cannot read data (\(path)\(entry.map { ", entry \($0)" } ?? "")): \(reason)"
        case .malformedFields(let location, let reason):
            "malformed line (\(location)): \(reason)"
        case .headerMissing(let path, let expected, let found):
            "missing header (\(path)): the first line must name \(expected.joined(separator: ", ")), "
                + "and is \"\(shortened(found))\""
        case .damagedBlock(let path, let block, let reason):
            "cannot read data (\(path), \(blockUnit(ofFile: path)) \(block)): \(reason)"
        case .damagedStream(let path, let line, let reason):
            "cannot read data (\(path), line \(line)): \(reason)"
        case .malformedLine(let location, let reason), .malformedSample(let location, let reason):
            "malformed record (\(location)): \(reason)"
        case .cannotUnpack(let path, let folder, let reason):
            "cannot decompress data (\(path)): \(reason) in \(folder)"
        case .cannotWrite(let path, let reason):
            "cannot write data (\(path)): \(reason)"
        default: nil
        }
    }

    private var archiveDescription: String? {
        switch self {
        case .unreadableArchive(let path, let entry?, let reason):
            "cannot read archive (\(path), entry \(entry)): \(reason)"
        case .unreadableArchive(let path, nil, let reason):
            "cannot read archive (\(path)): \(reason)"
        case .archiveOutOfOrder(let path):
            "cannot read archive (\(path)): entries of a compressed tar cannot be read one by one"
        case .archiveMemberMissing(let location, let archive, let member, let nearest):
            "missing image (\(location)): \(archive) has no entry \(member)"
                + (nearest.isEmpty ? "" : ", but \(nearest.joined(separator: ", "))")
        default: nil
        }
    }

    private var cellDescription: String? {
        switch self {
        case .columnMissing(let path, let column, let available):
            "missing column (\(path)): there is no '\(column)' among "
                + "[\(available.joined(separator: ", "))]"
        case .columnType(let location, let column, let found, let expected):
            "wrong type (\(location), column '\(column)'): found \(found), expected \(expected)"
        case .valueMissing(let location, let column):
            "missing value (\(location), column '\(column)'): it is null or absent"
        case .invalidText(let location, let column):
            "invalid text (\(location), column '\(column)'): the bytes are not UTF-8"
        case .listsDiffer(let location, let columns, let counts):
            "lists of different length (\(location)): "
                + zip(columns, counts).map { "'\($0)' has \($1)" }.joined(separator: ", ")
        default: nil
        }
    }

    private var contentDescription: String? {
        switch self {
        case .placeholderCount(let location, let field, let placeholders, let images):
            "image count does not match (\(location), '\(field)'): "
                + "\(placeholders) placeholders for \(images) images"
        case .strayImageToken(let location, let field, let token):
            "image token in plain text (\(location), '\(field)'): \(token) stands alone"
        case .emptyContent(let location, let field):
            "empty content (\(location), '\(field)'): there is neither text nor image"
        case .imageMissing(let location, let path):
            "missing image (\(location)): there is no file \(shortened(path))"
        case .imageNotFetched(let location, let url):
            "image is not fetched (\(location)): \(shortened(url)) is a URL"
        case .imageIsFolder(let location, let path):
            "image cannot be read (\(location)): \(shortened(path)) is a folder"
        case .imageWithoutScheme(let location, let start):
            "unreadable image (\(location)): the text \"\(start)...\" is no path and no data: URL"
        case .duplicateRecord(let location, let what):
            "record stands twice (\(location)): \(what) is in the set already"
        case .unreadableDataURL(let location, let reason):
            "unreadable image (\(location)): \(reason)"
        default: nil
        }
    }

    private var orderDescription: String? {
        switch self {
        case .noDataFiles(let folder, let subfolders) where subfolders.isEmpty:
            "no data (\(folder)): the folder holds no .parquet, .arrow, .jsonl or .tar file"
        case .noDataFiles(let folder, let subfolders):
            "no data (\(folder)): the folder holds no .parquet, .arrow, .jsonl or .tar file, only the "
                + "folders [\(subfolders.joined(separator: ", "))]"
        case .severalSplits(let folder, let splits):
            "no single split (\(folder)): the saved data set has the splits "
                + "[\(splits.joined(separator: ", "))]"
        case .duplicateSubset(let name):
            "duplicate subset (\(name)): two folders have this name"
        case .badWeights(let reason):
            "bad weights (mixture): \(reason)"
        case .subsetTooSmall(let name, let rows, let batchSize):
            "subset too small (\(name)): \(rows) rows cannot fill a batch of \(batchSize)"
        case .nothingUsable(let subset, let tried):
            "no usable samples (\(subset)): \(tried) in a row were left out"
        case .sampleOverBudget(let id, let cost, let budget):
            "sample too large (\(id)): it costs \(cost) tokens of a budget of \(budget)"
        case .cursorMismatch(let reason):
            "data position does not fit (checkpoint): \(reason)"
        case .quarantinedRowMissing(let id, let rows):
            "quarantine does not fit (\(id)): the subset has \(rows) rows"
        case .quarantinedSubsetMissing(let id, let file, let known):
            "quarantine does not fit (\(id)): the data has "
                + (file.map { "neither a subset '\(id.subset)' nor the file \($0)" }
                    ?? "no subset '\(id.subset)'")
                + ", but the subsets [\(known.joined(separator: ", "))]"
        case .tooManyFailures(let count, let drawn, let rate, let last):
            "too many records fail (\(count) of \(drawn) drawn): data.max_error_rate is \(rate); "
                + "the last one: \(last)"
        default: nil
        }
    }
}

/// A text of a record for messages, shortened if it is long.
private func shortened(_ text: String) -> String {
    let limit = 200
    guard text.utf8.count > limit else { return text }
    return "\(text.prefix(limit))... (\(text.utf8.count) bytes)"
}
