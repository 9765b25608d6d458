import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// Event files, beside the bytes that TensorBoard's own writer makes (`scripts/fixtures/health.py`).
@Suite struct EventFileTests {
    private static let golden = Repository.root
        .appending(path: "Tests/Fixtures/health/golden.tfevents")
    private static let time = Date(timeIntervalSince1970: 1_700_000_000.5)

    @Test func checksumsAreThoseOfTheStandard() {
        // RFC 3720, B.4: 32 zeros, 32 ones, and the usual check value.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xe306_9283)
    }

    @Test func bytesAreThoseOfTensorBoard() throws {
        try withTemporaryFolder { folder in
            let file = try EventFile(
                folder.appending(path: "events"), after: 7, at: Self.time)
            try file.append(
                [
                    ("loss", .scalar(1.25)), ("mfu", .scalar(0)),
                    ("subset_losses/a b", .scalar(-3.5)),
                ], step: 300, at: Self.time)
            var histogram = ValueHistogram()
            for value in [-1.0, -0.5, 0.0, 0.25, 0.25, 1.0] { histogram.add(value) }
            let bytes = Data((0..<512).map { UInt8($0 % 256) })
            try file.append(
                [
                    ("health/positive", .histogram(histogram)),
                    ("reconstructions/1", .image(bytes, width: 300, height: 2)),
                ], step: 301, at: Self.time)
            #expect(try Data(contentsOf: file.url) == Data(contentsOf: Self.golden))
        }
    }

    @Test func everyNumberOfALineIsAScalar() throws {
        try withTemporaryFolder { folder in
            let (one, two) = (folder.appending(path: "1"), folder.appending(path: "2"))
            let first = try EventFile(one, after: 0, at: Self.time)
            let line = """
                {"step": 4, "loss": 1.5, "tokens": 12, "bad": null, "name": "x", \
                "subset_losses": {"b": 2, "a": 0.5}}
                """
            try first.append(numbersOf: line)
            try first.append(numbersOf: "{\"loss\": 1}")
            let second = try EventFile(two, after: 0, at: Self.time)
            try second.append(
                [
                    ("loss", .scalar(1.5)), ("subset_losses/a", .scalar(0.5)),
                    ("subset_losses/b", .scalar(2)), ("tokens", .scalar(12)),
                ], step: 4, at: Self.time)
            // The moment of writing, 8 bytes of each event with its checksum, differs.
            #expect(try Data(contentsOf: one).count == Data(contentsOf: two).count)
            for tag in ["loss", "subset_losses/a", "subset_losses/b", "tokens"] {
                #expect(try Data(contentsOf: one).range(of: Data(tag.utf8)) != nil)
            }
        }
    }

    /// Readers take files in the order of their names.
    @Test func filesOfOneSecondHaveTheirOrder() throws {
        try withTemporaryFolder { folder in
            let names = try (0..<3).map { step in
                try EventFile(in: folder, after: step, at: Self.time).url.lastPathComponent
            }
            #expect(names == names.sorted() && Set(names).count == 3)
            #expect(names.allSatisfy { $0.contains("tfevents") })
        }
    }

    @Test func anUnwritablePlaceIsNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "file")
            try Data().write(to: file)
            #expect(throws: TrainingError.self) {
                try EventFile(in: file.appending(path: "tensorboard"), after: 0)
            }
        }
    }
}
