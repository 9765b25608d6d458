import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Testing
@testable import MoCaVectors

/// Vectors that are kept are found again, and belong to one process.
struct VectorCacheTests {
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
        let cache = try VectorCache(in: folder.url, of: Self.conditions())
        try cache.append(keys, values: (0..<8).map(Float.init))
    }

    @Test func aCacheIsOfOneProcess() throws {
        let cache = try VectorCache(in: folder.url, of: Self.conditions())
        let taken = VectorError.vectorsInUse(folder: try file("").path)
        #expect { try VectorCache(in: folder.url, of: Self.conditions()) } throws: {
            ($0 as? VectorError)?.oneLine == taken.oneLine
        }
        try cache.append(keys, values: (0..<8).map(Float.init))
        #expect(cache.row(of: keys[1]) == 1 && cache.count == 2)
        #expect(try cache.matrix().row(1) == [4, 5, 6, 7])
        #expect(try cache.matrix().scores(of: 0, with: [1, 0]) == [38, 14])
    }

    /// A changed checkpoint at the same path has another fingerprint.
    @Test func vectorsOfOtherConditionsAreNotFound() throws {
        try fill()
        for other in [
            Self.conditions(5), Self.conditions(model: "n"), Self.conditions(threads: 1),
        ] {
            #expect(try VectorCache(in: folder.url, of: other).count == 0)
        }
        let again = try VectorCache(in: folder.url, of: Self.conditions())
        #expect(again.count == 2)
        try again.verify(keys[1])
    }

    @Test func settingsOfOtherVectorsAreRefused() throws {
        try fill()
        try Self.conditions(threads: 7).json().write(to: try file("settings.json"))
        let error = VectorError.damagedVectors(
            folder: try file("").path, reason: "settings.json is of other vectors")
        #expect { try VectorCache(in: folder.url, of: Self.conditions()) } throws: {
            ($0 as? VectorError)?.oneLine == error.oneLine
        }
        try Data("{".utf8).write(to: try file("settings.json"))
        #expect(throws: VectorError.self) {
            try VectorCache(in: folder.url, of: Self.conditions())
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
        let cache = try VectorCache(in: folder.url, of: Self.conditions())
        try cache.append([ContentID(value: 3)], values: [8, 9, 10, 11])
        #expect(try cache.matrix().row(2) == [8, 9, 10, 11])
        for key in keys + [ContentID(value: 3)] { try cache.verify(key) }
    }

    @Test(arguments: [(Float.nan, "row 1 is not finite"), (9, "row 1 is not what was kept")])
    func aChangedRowIsRefused(_ value: Float, _ reason: String) throws {
        try fill()
        var bytes = try Data(contentsOf: try file("vectors.bin"))
        withUnsafeBytes(of: value) { bytes.replaceSubrange(20..<24, with: $0) }
        try bytes.write(to: try file("vectors.bin"))
        let cache = try VectorCache(in: folder.url, of: Self.conditions())
        try cache.verify(keys[0])
        let error = VectorError.damagedVectors(folder: try file("").path, reason: reason)
        #expect { try cache.verify(keys[1]) } throws: {
            ($0 as? VectorError)?.oneLine == error.oneLine
        }
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
