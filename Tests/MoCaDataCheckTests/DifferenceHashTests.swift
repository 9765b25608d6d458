import Foundation
import MoCaCore
import MoCaImage
import Testing

@testable import MoCaDataCheck

@Suite struct DifferenceHashTests {
    /// Golden hashes are Pillow's: scripts/fixtures/data_check.py.
    @Test func everyKindOfFileLooksAsInPillow() throws {
        let file = fixtures.appending(path: "data-check/looks.json")
        let golden = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))
        #expect(golden.count > 100)
        let decoder = ImageDecoder()
        for (name, hash) in golden {
            let source = ImageSource.file(pictures.appending(path: name))
            #expect(DifferenceHash(try decoder.image(of: source)).text == hash, "\(name)")
        }
    }

    private static func random(_ count: Int, seed: UInt64) -> [DifferenceHash] {
        var source = RandomSource(seed: seed)
        return (0..<count).map { _ in
            DifferenceHash(
                words: SIMD4(source.next(), source.next(), source.next(), source.next()))
        }
    }

    private static func flipping(_ bits: [Int], of hash: DifferenceHash) -> DifferenceHash {
        var words = hash.words
        for bit in bits { words[bit / 64] ^= 1 << UInt64(bit % 64) }
        return DifferenceHash(words: words)
    }

    /// Against the comparison of all with all, with neighbours at every distance around the limit.
    @Test(arguments: [0, 1, 7, 10])
    func nearOnesAreAllFound(distance: Int) {
        var hashes = Self.random(40, seed: 3)
        var source = RandomSource(seed: 9)
        for index in 0..<160 {
            let bits = (0..<index % 14).map { _ in Int(source.next() % 256) }
            hashes.append(Self.flipping(bits, of: hashes[index % 40]))
        }
        let expected = hashes.indices.compactMap { index in
            hashes[..<index].firstIndex { hashes[index].distance(to: $0) <= distance }.map {
                NearHashes.Pair(
                    index: index, earlier: $0, distance: hashes[index].distance(to: hashes[$0]))
            }
        }
        #expect(expected.count > 10)
        #expect(NearHashes(distance: distance).pairs(hashes) == expected)
    }

    @Test func evenPicturesAreNotCompared() {
        let flat = DifferenceHash(words: SIMD4(3, 0, 0, 0))
        #expect(flat.isFlat)
        #expect(DifferenceHash(words: ~flat.words).isFlat)
        #expect(NearHashes(distance: 10).pairs([flat, flat]).isEmpty)
        #expect(NearHashes(distance: 10).pairs([]).isEmpty)
    }

    /// One shape on an even ground sets few bits: less may differ.
    @Test func picturesWithLittleToSeeMustBeNearer() {
        func hash(_ bits: Range<Int>) -> DifferenceHash {
            Self.flipping(Array(bits), of: DifferenceHash(words: .zero))
        }
        #expect(hash(0..<128).reach(10) == 10 && hash(0..<64).reach(10) == 10)
        #expect(hash(0..<32).reach(10) == 5 && hash(0..<12).reach(10) == 1)
        // As much of the other kind is as little to see.
        #expect(hash(32..<256).reach(10) == 5)
        #expect(hash(0..<128).reach(0) == 0 && hash(0..<20).reach(0) == 0)
        let near = NearHashes(distance: 10)
        for (bits, limit) in [(100, 10), (32, 5), (20, 3)] {
            for distance in 0...11 {
                let pair = [hash(0..<bits), hash(distance..<bits)]
                let reach = min(limit, pair[1].reach(10))
                #expect(near.pairs(pair).isEmpty == (distance > reach), "\(bits) \(distance)")
            }
        }
    }
}
