// A perceptual hash of an image: similar images have similar hashes.

package import MoCaImage

/// 256 bits: whether each pixel of the grey image, resampled (bicubic) to 17 x 16, is lighter than
/// its left neighbour, row by row (Krawetz, "Kind of like that", 2013). Bit 0 is the first.
package struct DifferenceHash: Sendable, Hashable {
    /// Images are without structure if fewer than this many bits are set, or almost all are.
    private static let bitsMin = 12
    /// Hashes with at least this many set bits come from images with enough structure to compare.
    private static let bitsEnough = 64

    package private(set) var words: SIMD4<UInt64>

    /// A hash of these words.
    package init(words: SIMD4<UInt64>) {
        self.words = words
    }

    /// The hash of an image; equal to the result of Pillow's `convert("RGB").convert("L")` and
    /// `resize`.
    package init(_ image: PixelImage) {
        let small = image.luminance.resized(width: 17, height: 16).bytes
        words = .zero
        for row in 0..<16 {
            for column in 0..<16 where small[row * 17 + column + 1] > small[row * 17 + column] {
                let bit = row * 16 + column
                words[bit / 64] |= 1 << UInt64(bit % 64)
            }
        }
    }

    /// The number of bits in which two hashes differ.
    package func distance(to other: DifferenceHash) -> Int {
        let difference = words ^ other.words
        return difference[0].nonzeroBitCount + difference[1].nonzeroBitCount
            + difference[2].nonzeroBitCount + difference[3].nonzeroBitCount
    }

    /// The count of the rarer bit value: a measure of the image's structure.
    private var detail: Int {
        let bits = distance(to: DifferenceHash(words: .zero))
        return min(bits, 256 - bits)
    }

    /// Whether the image is too uniform to be distinguished from another uniform one.
    package var isFlat: Bool { detail < Self.bitsMin }

    /// The most bits in which a similar hash may differ, where `distance` is the limit for images
    /// with structure. One shape on an even ground sets few bits: two such images differ in few
    /// bits whatever they show.
    func reach(_ distance: Int) -> Int {
        distance * min(detail, Self.bitsEnough) / Self.bitsEnough
    }

    /// The hash as 64 hexadecimal digits, the first bits last.
    package var text: String {
        (0..<4).reversed().map { index in
            let digits = String(words[index], radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// The bits of one of `count` bands: bit `i` belongs to band `i % count`, so that uniform
    /// regions are spread over all bands.
    func band(_ band: Int, of count: Int) -> UInt64 {
        var value: UInt64 = 0
        for bit in stride(from: band, to: 256, by: count) {
            value = value << 1 | words[bit / 64] >> UInt64(bit % 64) & 1
        }
        return value
    }
}

extension PixelImage {
    /// The image in grey, by ITU-R 601-2 in fixed point, like Pillow's `convert("L")`.
    fileprivate var luminance: PixelImage {
        guard bands == 3 else { return self }
        let count = width * height
        let grey = [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
            bytes.withUnsafeBufferPointer { source in
                for pixel in 0..<count {
                    let red = UInt32(source[3 * pixel]) * 19595
                    let green = UInt32(source[3 * pixel + 1]) * 38470
                    let blue = UInt32(source[3 * pixel + 2]) * 7471
                    out.initializeElement(
                        at: pixel, to: UInt8((red + green + blue + 0x8000) >> 16))
                }
            }
            initialized = count
        }
        return PixelImage(width: width, height: height, bands: 1, bytes: grey)
    }
}

/// Finds for each hash an earlier similar one: within the distance, reduced for the image with less
/// structure. Exact: hashes within `distance` agree in at least one of `distance + 1` bands, so
/// only those that share a band are compared.
package struct NearHashes {
    /// A hash and an earlier similar one.
    package struct Pair: Sendable, Hashable {
        package var index: Int
        /// The index of the first hash within the distance.
        package var earlier: Int
        package var distance: Int
    }

    private let distance: Int

    /// Finds hashes that differ in at most `distance` bits.
    package init(distance: Int) {
        precondition((0..<64).contains(distance), "a distance of \(distance) bits")
        self.distance = distance
    }

    /// The pairs, in the order of `index`; flat hashes have none. `isWanted` selects the pairs
    /// (index, earlier) that count.
    package func pairs(
        _ hashes: [DifferenceHash], where isWanted: (Int, Int) -> Bool = { _, _ in true }
    ) -> [Pair] {
        let indices = hashes.indices.filter { !hashes[$0].isFlat }
        let reaches = hashes.map { $0.reach(distance) }
        let isNear = { (index: Int, earlier: Int, bits: Int) in
            bits <= min(reaches[index], reaches[earlier]) && isWanted(index, earlier)
        }
        var found: [Int: Pair] = [:]
        for band in 0...distance {
            let keyed = indices.map { (key: hashes[$0].band(band, of: distance + 1), index: $0) }
                .sorted { ($0.key, $0.index) < ($1.key, $1.index) }
            var start = 0
            for end in 1...max(1, keyed.count) where !keyed.isEmpty {
                guard end == keyed.count || keyed[end].key != keyed[start].key else { continue }
                compare(keyed[start..<end].map(\.index), hashes, isNear, &found)
                start = end
            }
        }
        return found.values.sorted { $0.index < $1.index }
    }

    /// Records the first similar hash before each one of `group`, which is sorted.
    private func compare(
        _ group: [Int], _ hashes: [DifferenceHash], _ isNear: (Int, Int, Int) -> Bool,
        _ found: inout [Int: Pair]
    ) {
        for (position, index) in group.enumerated() {
            for earlier in group[..<position] {
                if let known = found[index], known.earlier <= earlier { break }
                let bits = hashes[index].distance(to: hashes[earlier])
                guard isNear(index, earlier, bits) else { continue }
                found[index] = Pair(index: index, earlier: earlier, distance: bits)
                break
            }
        }
    }
}
