import CArrow
import Foundation
import MoCaTestSupport
import Testing
@testable import MoCaTables

@Suite(.serialized) struct EmbeddingWriterTests {
    @Test func writtenFilesReadBack() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("out.parquet")
            let writer = try EmbeddingWriter(url)
            try writer.append(id: "a", vector: [0.1, -1])
            try writer.append(id: "日本", vector: [.infinity, 0])
            #expect(!FileManager.default.fileExists(atPath: url.path))
            try writer.finish()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.parquet"])
            let table = try TableFile(url)
            #expect(table.columnNames == ["id", "embedding"])
            var ids: [String?] = []
            var vectors: [[Float]?] = []
            try table.forEachRow(columns: ["id", "embedding"]) { row in
                ids.append(try row.string("id"))
                vectors.append(try row.floats("embedding"))
            }
            #expect(ids == ["a", "日本"])
            #expect(vectors == [[0.1, -1], [.infinity, 0]])
        }
    }

    @Test func unfinishedFilesVanish() throws {
        try withTemporaryFolder { folder in
            var writer: EmbeddingWriter? = try EmbeddingWriter(
                folder.appendingPathComponent("x.parquet"))
            try writer?.append(id: "a", vector: [1])
            writer = nil
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func anAbsentFolderIsAnError() {
        let url = URL(fileURLWithPath: "/nonexistent/x.parquet")
        guard case .cannotWrite(let path, _) = dataError({ _ = try EmbeddingWriter(url) }) else {
            Issue.record("writing must fail")
            return
        }
        #expect(path == url.path)
    }

    /// 200,000 rows of 64 numbers: 51 MB decoded, walked and drawn at random.
    @Test func memoryIsFlatOverALargeFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("large.parquet")
            let writer = try EmbeddingWriter(url)
            for row in 0..<200_000 {
                let base = Float(row)
                try writer.append(id: "row-\(row)", vector: (0..<64).map { base + Float($0) })
            }
            try writer.finish()
            let table = try TableFile(url)
            #expect(table.rowCount == 200_000)
            #expect(table.blockRows.count > 1)
            func walk() throws -> Float {
                var sum: Float = 0
                try table.forEachRow(columns: ["id", "embedding"]) { row in
                    sum += try row.floats("embedding")?[63] ?? 0
                }
                return sum
            }
            let sum = try walk()
            let before = try #require(residentByteCount())
            let poolBefore = carrow_allocated_bytes()
            for _ in 0..<3 { #expect(try walk() == sum) }
            let growth = try #require(residentByteCount()) - before
            #expect(growth < 32 << 20, "grew by \(growth) bytes")
            #expect(carrow_allocated_bytes() <= poolBefore + 1 << 20)
        }
    }
}
