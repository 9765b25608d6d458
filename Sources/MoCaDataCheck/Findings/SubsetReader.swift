// Reads the rows of one folder, in order and in constant memory, despite errors in some of them.

package import Foundation
import MoCaData
import MoCaTables

/// Reads the rows of a subset, with the trainer's row numbers.
package struct SubsetReader: Sendable {
    private static let batchRows = 64

    /// The trainer's name of the subset.
    package let name: String
    /// The folder, or the single file, of the subset.
    package let folder: URL
    package let kind: RecordKind

    /// A row and its location.
    struct Reading: Sendable {
        var place: RecordPlace
        var row: Result<Row, DataError>
    }

    /// The readers of the subsets under `folders`, in their order.
    ///
    /// - Parameter kind: The required kind of records; nil takes it from the columns.
    /// - Throws: `DataError`, `DataCheckError`.
    package static func all(in folders: [URL], kind: RecordKind?) throws -> [SubsetReader] {
        let names = try Catalog<PretrainSample>.names(of: folders)
        let readers = try zip(names, folders).map { name, folder in
            SubsetReader(
                name: name, folder: folder, kind: try kind ?? RecordKind(of: folder))
        }
        for reader in readers where reader.kind != readers[0].kind {
            throw DataCheckError.mixedKinds(
                first: readers[0].folder.path, second: reader.folder.path)
        }
        return readers
    }

    /// Passes runs of rows to `body`, and findings about whole files to `report`. The rows of a
    /// block that cannot be decoded are passed as failures.
    ///
    /// - Returns: The number of rows.
    /// - Throws: what `body` and `report` throw.
    @discardableResult
    func forEachBatch(
        _ body: ([Reading]) throws -> Void, report: (Finding) throws -> Void
    ) throws -> Int {
        var firstRow = 0
        // Each column is reported once per subset. `__key__` is the name of a WebDataset sample,
        // and never a column that is lost.
        var known = Set(kind.columns + ["__key__"])
        let files: [URL]
        do {
            files = try dataFiles(in: folder)
        } catch let error as DataError {
            try report(finding(error, file: folder.path))
            return 0
        }
        for url in files {
            let file: any RecordFile
            do {
                file = try openRecordFile(url)
                try file.requireColumns(kind.requiredColumns)
            } catch let error as DataError {
                try report(finding(error, file: url.path))
                continue
            }
            if let shard = file as? WebDatasetFile, shard.lacksEnd {
                try report(
                    Finding(
                        .cutArchive, at: RecordPlace(subset: name, row: nil, file: url.path),
                        "the tar has no mark of its end: it may be cut off between two members"))
            }
            let place = RecordPlace(subset: name, row: nil, file: url.path)
            if let shard = file as? WebDatasetFile {
                for sentence in shard.oddities.sentences {
                    try report(Finding(.oddGrouping, at: place, sentence))
                }
            }
            if let found = unknown(file.columnNames ?? [], at: place, &known) { try report(found) }
            for block in file.blockRows.indices {
                try read(block, of: file, firstRow: firstRow) { readings in
                    for found in unknown(readings, &known) { try report(found) }
                    try body(readings)
                }
                firstRow += file.blockRows[block]
            }
        }
        return firstRow
    }

    /// The finding for columns that nothing reads; nil if all are known or were reported before.
    private func unknown(
        _ columns: [String], at place: RecordPlace, _ known: inout Set<String>
    ) -> Finding? {
        let new = Set(columns).subtracting(known).sorted()
        guard !new.isEmpty else { return nil }
        known.formUnion(new)
        return Finding(
            .unknownColumn, at: place,
            "\(new.joined(separator: ", ")) \(new.count == 1 ? "is" : "are") not read (known here: "
                + "\(kind.columns.joined(separator: ", ")))")
    }

    /// The findings for unknown keys of JSON lines.
    private func unknown(_ readings: [Reading], _ known: inout Set<String>) -> [Finding] {
        readings.compactMap { reading in
            guard case .success(let row) = reading.row else { return nil }
            return unknown(row.memberNames, at: reading.place, &known)
        }
    }

    /// The number of rows of the files that can be opened, for progress before they are read.
    var expectedRowCount: Int {
        guard case .success(let files) = Result(catching: { try dataFiles(in: folder) }) else {
            return 0
        }
        return files.reduce(0) { sum, url in
            guard case .success(let file) = Result(catching: { try openRecordFile(url) }) else {
                return sum
            }
            return sum + file.rowCount
        }
    }

    private func finding(_ error: DataError, file: String) -> Finding {
        Finding(
            .unreadableFile, at: RecordPlace(subset: name, row: nil, file: file),
            error.errorDescription ?? "\(error)")
    }

    private func read(
        _ block: Int, of file: any RecordFile, firstRow: Int, _ body: ([Reading]) throws -> Void
    ) throws {
        let place = { (row: Int) in
            RecordPlace(subset: name, row: firstRow + row, file: file.path)
        }
        var done = 0
        // An error of `body` is not an error of the block.
        var failure: (any Error)?
        do {
            try file.forEachBatch(
                ofBlock: block, columns: kind.columns, batchRows: Self.batchRows
            ) { batch in
                let readings = (0..<batch.count).map { index in
                    Reading(place: place(done + index), row: Self.row(index, of: batch))
                }
                done += batch.count
                do {
                    try body(readings)
                } catch {
                    failure = error
                    throw error
                }
            }
        } catch let error as DataError where failure == nil {
            let lost = (done..<max(done, file.blockRows[block])).map { row in
                Reading(place: place(row), row: .failure(error))
            }
            try body(lost)
        }
    }

    private static func row(_ index: Int, of batch: RowBatch) -> Result<Row, DataError> {
        do {
            return .success(try batch.row(index))
        } catch let error as DataError {
            return .failure(error)
        } catch {
            preconditionFailure("a row throws \(error)")
        }
    }
}
