import Foundation
import MoCaCore
import MoCaTestSupport
import Synchronization
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct QuarantineTests {
    private let shapes = [
        SubsetShape(name: "a", blockRows: [300]), SubsetShape(name: "b", blockRows: [200]),
    ]

    private static func failure(_ id: SampleID) -> DataError {
        .emptyContent(RecordLocation(file: "f", place: .line(id.row + 1)), field: "text")
    }

    /// Every 50th row of `a` fails.
    private func stream(_ quarantine: Quarantine?, _ cursor: DataCursor? = nil) throws
        -> TokenBatches<SampleID>
    {
        var stream = try TokenBatches(
            shapes, tokenBudget: 100, packing: .firstFit(window: 16), seed: 4, cursor: cursor
        ) { id in
            if id.subset == "a", id.row.isMultiple(of: 50) { throw Self.failure(id) }
            return (id, 1 + id.row % 9)
        }
        stream.quarantine = quarantine
        return stream
    }

    @Test func stopThrowsTheRecordsOwnError() throws {
        for quarantine in [nil, Quarantine(.stop)] {
            var batches = try stream(quarantine)
            guard case .emptyContent = dataError({ while true { _ = try batches.next() } }) else {
                Issue.record("a record that fails must end the stream")
                return
            }
        }
    }

    @Test func skipLeavesThemOutAndWritesThemOnce() throws {
        let records = Mutex([QuarantinedRecord]())
        let quarantine = Quarantine(
            .skip(maxErrorRate: 0.01), file: { "\($0.subset).jsonl" },
            write: { record in records.withLock { $0.append(record) } })
        var batches = try stream(quarantine)
        while batches.cursor.epoch < 3 {
            quarantine.beginStep()
            #expect(try batches.next().ids.allSatisfy { $0.subset == "b" || $0.row % 50 != 0 })
        }
        let found = records.withLock { $0 }
        #expect(Set(found.map(\.row)) == [0, 50, 100, 150, 200, 250])
        #expect(found.count == 6)
        #expect(quarantine.failureCount == 6)
        #expect(found.allSatisfy { $0.subset == "a" && $0.file == "a.jsonl" && $0.step != nil })
        #expect(found[0].reason == Self.failure(found[0].id).oneLine)
        // A stream that knows them from the start gives the same.
        let known = Quarantine(.stop)
        try known.exclude(found, of: shapes)
        var (one, other) = (try stream(known), try stream(Quarantine(.skip(maxErrorRate: 1))))
        for _ in 0..<50 { #expect(try one.next().ids == other.next().ids) }
        #expect(one.cursor == other.cursor)
    }

    @Test func theRateEndsTheStream() throws {
        var batches = try stream(Quarantine(.skip(maxErrorRate: 0.003)))
        guard
            case .tooManyFailures(4, drawn: 1000, maxErrorRate: 0.003, let last) =
                dataError({ while true { _ = try batches.next() } })
        else {
            Issue.record("four of the first thousand are above 0.003")
            return
        }
        #expect(last.hasPrefix("empty content (f, line "))
    }

    /// Samples that fail after the drawing: the same place is drawn again without them.
    @Test func aLaterFailureRedrawsTheBatch() throws {
        let quarantine = Quarantine(.skip(maxErrorRate: 0.01))
        var batches = try TaskBatches(shapes, batchSize: 8, seed: 4) { $0 }
        batches.quarantine = quarantine
        var plain = try TaskBatches(shapes, batchSize: 8, seed: 4) { id in
            id.row % 77 == 5 ? nil : id
        }
        for _ in 0..<130 {
            let ids = try batches.redrawing { stream in
                let ids = try stream.next().ids
                let failed = ids.filter { $0.row % 77 == 5 }
                guard failed.isEmpty else {
                    throw FailedSamples(failed.map { ($0, Self.failure($0)) })
                }
                return ids
            }
            #expect(try plain.next().ids == ids)
        }
        #expect(batches.cursor == plain.cursor)
        #expect(quarantine.failureCount == 7)
    }

    @Test func whatIsNotTheRecordsFaultStops() throws {
        struct Foreign: Error {}
        let quarantine = Quarantine(.skip(maxErrorRate: 1))
        let id = SampleID(subset: "a", row: 1)
        #expect(throws: Foreign.self) { try quarantine.take(id, Foreign(), drawnCount: 1) }
        let settings = DataError.badWeights(reason: "R")
        #expect(dataError { try quarantine.take(id, settings, drawnCount: 1) } == settings)
        #expect(quarantine.admits(id))
    }

    @Test func filesAreReadStrictly() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("quarantine.jsonl")
            let text = """
                {"subset": "a", "row": 7, "file": "a.parquet", "reason": "broken image"}

                {"subset": "other", "row": 9999}
                """
            try Data(text.utf8).write(to: file)
            let records = try QuarantinedRecord.read(file)
            #expect(records.map(\.id.description) == ["a#7", "other#9999"])
            #expect(records[0].reason == "broken image")
            let quarantine = Quarantine(.stop)
            try quarantine.exclude(records, of: shapes)
            #expect(!quarantine.admits(records[0].id))
            let beyond = QuarantinedRecord(SampleID(subset: "b", row: 200))
            #expect(
                dataError { try quarantine.exclude([beyond], of: shapes) }
                    == .quarantinedRowMissing(beyond.id, rows: 200))
            for line in [
                "{\"row\": 1}", "{\"subset\": \"a\"}", "{\"subset\": \"a\", \"row\": -1}", "x",
            ] {
                try Data("\n\(line)\n".utf8).write(to: file)
                guard
                    case .malformedLine(let place, _) = dataError({
                        _ = try QuarantinedRecord.read(file)
                    })
                else {
                    Issue.record("\(line) must be refused")
                    continue
                }
                #expect(place.place == .line(2))
            }
            let missing = folder.appendingPathComponent("none")
            #expect(
                dataError { _ = try QuarantinedRecord.read(missing) }
                    == .fileMissing(path: missing.path))
        }
    }
}
