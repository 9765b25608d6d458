import Foundation
import MoCaCore
import Testing

@testable import MoCaSearch

/// Vectors that are kept are found again, and belong to one process.
struct VectorCacheTests {
    @Test func aCacheIsOfOneProcess() throws {
        let folder = try TemporaryFolder()
        let cache = try VectorCache(folder: folder.url, width: 4)
        #expect(throws: SearchError.vectorsInUse(folder: folder.url.path)) {
            try VectorCache(folder: folder.url, width: 4)
        }
        let keys = [ContentKey(value: 1), ContentKey(value: 2)]
        try cache.append(keys, values: (0..<8).map(Float.init))
        #expect(cache.row(of: keys[1]) == 1 && cache.count == 2)
        #expect(try cache.matrix().row(1) == [4, 5, 6, 7])
        #expect(try cache.matrix().scores(of: 0, with: [1, 0]) == [38, 14])
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
