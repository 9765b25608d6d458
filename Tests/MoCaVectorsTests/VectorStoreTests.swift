import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Testing
@testable import MoCaVectors

/// Vectors that are kept are found again, and belong to one process.
struct VectorStoreTests {
    private static func conditions(
        _ width: Int = 4, model: String = "m", threads: Int = 2
    ) -> VectorConditions {
        VectorConditions(
            device: "cpu", dtype: "float32", threads: threads, batchTokens: 1024,
            attention: .bidirectional, pooling: .mean, isNormalized: true, dimensions: width,
            prompts: [:], model: model)
    }

    private let folder: TemporaryFolder
    private let keys = [ContentID(value: 1), ContentID(value: 2)]

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Where the vectors of `conditions` are.
    private func file(_ name: String) throws -> URL {
        folder.url.appending(path: try Self.conditions().fingerprint()).appending(path: name)
    }

    private func fill() throws {
        let cache = try VectorStore(cacheIn: folder.url, of: Self.conditions())
        try cache.append(keys: keys, values: (0..<8).map(Float.init))
    }

    @Test func aCacheIsOfOneProcess() throws {
        let cache = try VectorStore(cacheIn: folder.url, of: Self.conditions())
        let taken = VectorError.vectorsInUse(folder: try file("").path)
        #expect { try VectorStore(cacheIn: folder.url, of: Self.conditions()) } throws: {
            ($0 as? VectorError)?.oneLine == taken.oneLine
        }
        try cache.append(keys: keys, values: (0..<8).map(Float.init))
        #expect(
            try cache.rows(of: keys + [ContentID(value: 9)]) == [0, 1, nil] && cache.count == 2)
        #expect(try cache.matrix().row(1) == [4, 5, 6, 7])
        #expect(try cache.matrix().scores(of: 0, with: [1, 0]) == [38, 14])
    }

    /// A changed checkpoint at the same path has another fingerprint.
    @Test func vectorsOfOtherConditionsAreNotFound() throws {
        try fill()
        var turned = Self.conditions()
        turned.orientation = .exif
        #expect(turned.differences(from: Self.conditions()) == ["orient"])
        for other in [
            Self.conditions(5), Self.conditions(model: "n"), Self.conditions(threads: 1), turned,
        ] {
            #expect(try VectorStore(cacheIn: folder.url, of: other).count == 0)
        }
        let again = try VectorStore(cacheIn: folder.url, of: Self.conditions())
        #expect(again.count == 2)
        #expect(try again.values(ofRow: 1) == [4, 5, 6, 7])
    }

    @Test func settingsOfOtherVectorsAreRefused() throws {
        try fill()
        try Self.conditions(threads: 7).json().write(to: try file("settings.json"))
        let error = VectorError.damagedVectors(
            folder: try file("").path, reason: "settings.json is of other vectors")
        #expect { try VectorStore(cacheIn: folder.url, of: Self.conditions()) } throws: {
            ($0 as? VectorError)?.oneLine == error.oneLine
        }
        try Data("{".utf8).write(to: try file("settings.json"))
        #expect(throws: VectorError.self) {
            try VectorStore(cacheIn: folder.url, of: Self.conditions())
        }
    }

    /// A killed process leaves half a row, or a row without its key.
    @Test func anUnfinishedRowIsCut() throws {
        try fill()
        for (name, count) in [("vectors.bin", 23), ("keys.bin", 9)] {
            var bytes = try Data(contentsOf: try file(name))
            bytes.append(contentsOf: [UInt8](repeating: 7, count: count))
            try bytes.write(to: try file(name))
        }
        let cache = try VectorStore(cacheIn: folder.url, of: Self.conditions())
        try cache.append(keys: [ContentID(value: 3)], values: [8, 9, 10, 11])
        #expect(try cache.matrix().row(2) == [8, 9, 10, 11])
        #expect(try cache.rows(of: keys + [ContentID(value: 3)]) == [0, 1, 2])
        for row in 0..<3 { _ = try cache.values(ofRow: row) }
    }

    @Test(arguments: [(Float.nan, "row 1 is not finite"), (9, "row 1 is not what was kept")])
    func aChangedRowIsRefused(_ value: Float, _ reason: String) throws {
        try fill()
        var bytes = try Data(contentsOf: try file("vectors.bin"))
        withUnsafeBytes(of: value) { bytes.replaceSubrange(20..<24, with: $0) }
        try bytes.write(to: try file("vectors.bin"))
        let cache = try VectorStore(cacheIn: folder.url, of: Self.conditions())
        _ = try cache.values(ofRow: 0)
        let error = VectorError.damagedVectors(folder: try file("").path, reason: reason)
        #expect { try cache.values(ofRow: 1) } throws: {
            ($0 as? VectorError)?.oneLine == error.oneLine
        }
    }

    // MARK: Several vectors in a row

    private static var ragged: VectorConditions {
        var conditions = conditions(2)
        conditions.tokenVectors = VectorConditions.tokenVectorsFormat
        return conditions
    }

    private func raggedFile(_ name: String) throws -> URL {
        folder.url.appending(path: try Self.ragged.fingerprint()).appending(path: name)
    }

    /// Rows of two, one and three vectors.
    private func fillRagged() throws {
        let cache = try VectorStore(cacheIn: folder.url, of: Self.ragged)
        try cache.append(
            keys: keys + [ContentID(value: 3)], values: (0..<12).map(Float.init),
            vectorCounts: [2, 1, 3])
        #expect(try cache.values(ofRow: 1) == [4, 5])
        #expect(try cache.matrix().row(2) == [6, 7, 8, 9, 10, 11])
    }

    @Test func severalVectorsAreFoundAgain() throws {
        try fillRagged()
        let cache = try VectorStore(cacheIn: folder.url, of: Self.ragged)
        #expect(cache.count == 3)
        #expect(try cache.values(ofRow: 0) == [0, 1, 2, 3])
        #expect(try cache.matrix().vectorCount(of: 2) == 3)
        try cache.append(keys: [ContentID(value: 4)], values: [1, 2, 3, 4], vectorCounts: [2])
        #expect(try cache.rows(of: [ContentID(value: 4)]) == [3])
        #expect(try cache.values(ofRow: 3) == [1, 2, 3, 4])
        #expect(Self.ragged.differences(from: Self.conditions(2)) == [])
        #expect(try Self.ragged.fingerprint() != Self.conditions(2).fingerprint())
    }

    /// A kill may leave more of one file than of another.
    @Test(arguments: [("keys.bin", 64, 2), ("lengths.bin", 9, 1), ("vectors.bin", 40, 2)])
    func anUnfinishedRaggedRowIsCut(_ name: String, _ byteCount: Int, _ rows: Int) throws {
        try fillRagged()
        let bytes = try Data(contentsOf: raggedFile(name))
        try bytes.prefix(byteCount).write(to: raggedFile(name))
        do {
            let cache = try VectorStore(cacheIn: folder.url, of: Self.ragged)
            #expect(cache.count == rows)
            try cache.append(keys: [ContentID(value: 5)], values: [8, 9], vectorCounts: [1])
        }
        let cache = try VectorStore(cacheIn: folder.url, of: Self.ragged)
        #expect(cache.count == rows + 1)
        #expect(try cache.values(ofRow: rows) == [8, 9])
        #expect(try cache.values(ofRow: 0) == [0, 1, 2, 3])
        #expect(try cache.matrix().row(rows) == [8, 9])
    }

    @Test(arguments: [1, 7, 16, 33, 64, 2048])
    func dotProductsAreThose(_ width: Int) {
        var random = RandomSource(seed: 1)
        let values = (0..<3 * width).map { _ in random.uniform() - 0.5 }
        let bytes = values.withUnsafeBytes { Data($0) }
        let matrix = VectorMatrix(bytes: bytes + bytes, width: width)
        let scores = matrix.scores(of: 0, with: [0, 1, 2, 4, 1])
        for (score, row) in zip(scores, [0, 1, 2, 1, 1]) {
            var expected = 0.0
            for index in 0..<width {
                expected += Double(values[index]) * Double(values[row * width + index])
            }
            #expect(abs(Double(score) - expected) < 1e-4)
        }
        // Equal rows, equal scores, wherever they lie.
        #expect(scores[1] == scores[3] && scores[1] == scores[4])
    }
}
