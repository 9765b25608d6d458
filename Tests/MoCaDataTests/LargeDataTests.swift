import Foundation
import MoCaTables
import MoCaTestSupport
import Testing
@testable import MoCaData

/// Memory does not grow with the rows; `MOCA_LONG_TESTS=1` tries ten million of them.
@Suite(.serialized) struct LargeDataTests {
    private static let isLong = ProcessInfo.processInfo.environment["MOCA_LONG_TESTS"] != nil

    private func write(rows: Int, to file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        for start in stride(from: 0, to: rows, by: 20_000) {
            let lines = (start..<min(start + 20_000, rows)).map { row in
                "{\"text\": \"\(String(repeating: "a", count: 1 + row % 31))\"}\n"
            }
            try handle.write(contentsOf: Data(lines.joined().utf8))
        }
    }

    /// Plans and iterates one epoch; what the process holds more at the end.
    private func grownBytes(rows: Int) throws -> Int {
        try withTemporaryFolder { folder in
            try write(rows: rows, to: folder.appendingPathComponent("train.jsonl"))
            let before = try #require(residentByteCount())
            let catalog = try Catalog<PretrainSample>(
                folders: [folder], images: ImageStore(root: folder), cacheByteCount: 64 << 20)
            #expect(catalog.rowCount == rows)
            var batches = try TokenBatches(catalog.shapes, tokenBudget: 4096, seed: 1) { id in
                let text = try catalog.record(id).text ?? ""
                #expect(text.utf8.count == 1 + id.row % 31)
                return (id, text.utf8.count)
            }
            batches.workers = 2
            var highest = before
            var count = 0
            while batches.cursor.epoch < 1 {
                _ = try batches.next()
                count += 1
                if count.isMultiple(of: 256) { highest = max(highest, residentByteCount() ?? 0) }
            }
            return max(highest, residentByteCount() ?? 0) - before
        }
    }

    /// A cache of 64 MB and what is being read; beside it 16 bytes a row.
    @Test func aHundredThousandRowsInFlatMemory() throws {
        #expect(try grownBytes(rows: 100_000) < 192 << 20 + 16 * 100_000)
    }

    @Test(.enabled(if: isLong)) func tenMillionRowsUnderOneAndAHalfGigabytes() throws {
        #expect(try grownBytes(rows: 10_000_000) < 1_500_000_000)
    }
}
