import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// What is written is read back as contrastive records.
@Suite struct ContrastiveWriterTests {
    private func side(_ text: String, _ path: String = "") -> PairSide {
        PairSide(text: text, imagePath: path)
    }

    @Test func recordsReadBack() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("train.parquet")
            let writer = try ContrastiveWriter(url)
            // More than a row group, and rows with no, one and several negatives.
            let count = 5000
            for row in 0..<count {
                try writer.append(
                    query: side("q\(row)", row % 2 == 0 ? "q.png" : ""),
                    positive: side("", "p\(row).png"),
                    negatives: (0..<row % 4).map { side($0 == 1 ? "['a']" : "n\($0) 日本", "\($0)") })
            }
            try writer.finish()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path)
                    == ["train.parquet"])
            let file = try TableFile(url)
            #expect(file.columnNames == ContrastiveRecord.contentColumns)
            #expect(file.blockRows == [4096, 904])
            var row = 0
            try file.forEachRow(columns: ContrastiveRecord.columns) { found in
                let record = try ContrastiveRecord(found)
                #expect(record.querySide == side("q\(row)", row % 2 == 0 ? "q.png" : ""))
                #expect(record.positiveSide == side("", "p\(row).png"))
                let entries = try NegativeTable.entries(of: record)
                #expect(
                    entries.map { side($0.text, $0.imagePath) }
                        == (0..<row % 4).map {
                            side($0 == 1 ? "['a']" : "n\($0) 日本", "\($0)")
                        })
                row += 1
            }
            #expect(row == count)
        }
    }

    @Test func aFileWithoutRecordsIsReadable() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.parquet")
            try ContrastiveWriter(url).finish()
            #expect(try TableFile(url).rowCount == 0)
        }
    }
}
