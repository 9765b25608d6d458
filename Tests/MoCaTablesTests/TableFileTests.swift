import CArrow
import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaTables

@Suite struct TableFileTests {
    @Test func libraryIsThePinnedOne() {
        #expect(String(cString: carrow_version()) == "26.0.1")
    }

    @Test(arguments: [
        ("contrastive/plain.parquet", "contrastive/plain"),
        ("contrastive/lists.parquet", "contrastive/lists"),
        ("contrastive/literals.parquet", "contrastive/literals"),
        ("pretrain/bytes.parquet", "pretrain/bytes"),
        ("pretrain-paths/paths.parquet", "pretrain-paths/paths"),
        ("benchmark/test.parquet", "benchmark/test"),
        ("types/types.parquet", "types/types"),
        ("types/stream.arrow", "types/ipc"),
        ("types/stream-zstd.arrow", "types/ipc"),
        ("types/file.arrow", "types/ipc"),
        ("types/dictionary.arrow", "types/dictionary"),
        ("types/dictionary.parquet", "types/dictionary"),
        ("../arrow-types/views.arrow", "../arrow-types/views"),
        ("../arrow-types/view-stream.arrow", "../arrow-types/views"),
        ("../arrow-types/views.parquet", "../arrow-types/views"),
        ("../arrow-types/dictionary-stream.arrow", "../arrow-types/dictionary-stream"),
        ("vidore/corpus/test-00000-of-00001.parquet", "vidore/corpus/test-00000-of-00001"),
    ])
    func cellsEqualPyarrow(file: String, expected: String) throws {
        let table = try TableFile(fixture(file))
        let rows = try expectedRows(expected)
        #expect(table.rowCount == rows.count)
        for batchRows in [1, 3, 1000] {
            var index = 0
            try table.forEachRow(columns: table.columnNames ?? [], batchRows: batchRows) { row in
                for (column, value) in rows[index] {
                    let cell = try row.cell(column)
                    #expect(isSame(cell, value), "\(row.location) \(column): \(cell) \(value)")
                }
                index += 1
            }
            #expect(index == rows.count)
        }
    }

    @Test func onlyWantedColumnsAreRead() throws {
        let table = try TableFile(fixture("types/types.parquet"))
        #expect(table.blockRows == [2, 2, 1])
        let batches = try table.batchIterator(
            ofBlock: 1, columns: ["image", "absent", "int8"], batchRows: 10)
        let row = try #require(try batches.next()).row(1)
        #expect(try row.cell("int8") == .integer(1))
        #expect(try row.cell("string") == .null)
        #expect(
            row.location.description
                == "\(fixture("types/types.parquet").path), row 3, row group 1")
        #expect(try batches.next() == nil)
    }

    @Test func listsOfFloatsAreReadWithoutCells() throws {
        for name in ["types.parquet", "stream.arrow"] {
            let table = try TableFile(fixture("types/\(name)"))
            var lists: [[Float]?] = []
            var fixed: [[Float]?] = []
            try table.forEachRow(columns: ["list_float", "fixed_list"]) { row in
                lists.append(try row.floats("list_float"))
                fixed.append(try row.floats("fixed_list"))
            }
            #expect(lists == [[0.5, 1.5], [], nil, [-2], [4]])
            #expect(fixed == [[1, 2], nil, [3, 4], [5, 6], [7, 8]])
        }
    }

    @Test func wrongTypesNameRowAndColumn() throws {
        let table = try TableFile(fixture("types/types.parquet"))
        var seen: DataError?
        try table.forEachRow(columns: ["int8"]) { row in
            seen = seen ?? dataError { _ = try row.string("int8") }
        }
        let path = fixture("types/types.parquet").path
        #expect(
            seen
                == .columnType(
                    RecordLocation(file: path, place: .row(0, block: 0)), column: "int8",
                    found: "an integer", expected: "text"))
    }

    @Test func textThatIsNotUTF8NamesItsRow() throws {
        let table = try TableFile(fixture("types/not-utf8.parquet"))
        var errors: [DataError?] = []
        try table.forEachRow(columns: ["qry"]) { row in
            errors.append(dataError { _ = try row.string("qry") })
        }
        #expect(errors.count == 2)
        #expect(errors[0] == nil)
        let location = RecordLocation(file: table.path, place: .row(1, block: 0))
        #expect(errors[1] == .invalidText(location, column: "qry"))
    }

    @Test func filesThatCannotBeOpened() throws {
        #expect(
            dataError { _ = try openRecordFile(fixture("absent.parquet")) }
                == .fileMissing(path: fixture("absent.parquet").path))
        #expect(
            dataError { _ = try openRecordFile(fixture("MANIFEST.json")) }
                == .unknownFormat(path: fixture("MANIFEST.json").path))
    }

    @Test func streamsWithDictionariesAreRead() throws {
        let stream = try TableFile(fixture("types/dictionary-stream.arrow"))
        let file = try TableFile(fixture("types/dictionary.arrow"))
        #expect(stream.rowCount == file.rowCount && stream.columnNames == file.columnNames)
    }

    /// Cut and flipped files give a typed error or rows, and never more rows than they declare.
    @Test(arguments: [
        "types.parquet", "types-zstd.parquet", "stream.arrow", "stream-zstd.arrow", "file.arrow",
    ])
    func damagedFilesNeverCrash(name: String) throws {
        let source = name == "types-zstd.parquet" ? "contrastive/plain.parquet" : "types/\(name)"
        let sound = try Data(contentsOf: fixture(source))
        var random = RandomSource(seed: 11)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(URL(fileURLWithPath: name).pathExtension)")
            var failures = 0
            for round in 0..<400 {
                var bytes = sound
                if round % 4 == 0 {
                    bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))
                } else {
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        let place = Int.random(in: 0..<bytes.count, using: &random)
                        bytes[place] = UInt8.random(in: 0...255, using: &random)
                    }
                }
                try bytes.write(to: url)
                do {
                    let table = try TableFile(url)
                    try table.forEachRow(columns: table.columnNames ?? []) { row in
                        for column in table.columnNames ?? [] { _ = try row.cell(column) }
                    }
                } catch let error as DataError {
                    failures += 1
                    #expect(error.errorDescription?.contains(url.path) == true)
                }
            }
            #expect(failures > 100)
        }
    }
}
