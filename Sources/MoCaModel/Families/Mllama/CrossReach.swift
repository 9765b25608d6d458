// Which vectors of images each token attends to, as integers of a packed batch.
// Shapes: T packed tokens, M tokens of sequences with images, S vectors of images' own tiles, A
// vectors of absent tiles.

import MoCaCore

/// The rows that take part in cross-attention, and the images that each of them sees.
///
/// A token sees the images from its image token on to the next image; neighbouring images share the
/// reach of the last of them. Only the vectors of an image's own tiles are seen. Tokens before the
/// first image of their sequence see all vectors of all its images, absent tiles included, and
/// their feed-forward layer adds nothing: transformers gives them an empty mask, which attention
/// takes as none. Sequences without images take no part.
struct CrossReach: Sendable, Hashable {
    /// Adjacent rows that see the same vectors.
    struct Segment: Sendable, Hashable {
        /// Indices in `rows`.
        var rows: Range<Int>
        /// The vectors of own tiles that are seen, in `0 ..< S`.
        var shown: Range<Int>
        /// The vectors of absent tiles that are seen, in `0 ..< A`; empty after the first image.
        var absent: Range<Int>
        /// Whether the rows precede the first image of their sequence.
        var isBeforeImages: Bool
    }

    /// The indices `[M]` of the tokens of sequences with images.
    private(set) var rows: [Int] = []
    /// The segments, whose rows follow one another.
    private(set) var segments: [Segment] = []
    /// The number of vectors of each image that are in `0 ..< S`.
    private(set) var shownCounts: [Int] = []
    /// The number of vectors of each image that are in `0 ..< A`: 0 if no token sees them.
    private(set) var absentCounts: [Int] = []

    /// Computes the reach of the images of a batch.
    ///
    /// - Parameters:
    ///   - canvases: the tiles of its images.
    ///   - vision: the settings of the tower.
    init(
        _ input: EncoderInput, _ canvases: [ImageCanvas], _ vision: MllamaConfiguration.Vision
    ) {
        self.init(
            sequenceStarts: input.sequenceStarts, imageStarts: input.imageStarts,
            places: input.imageTokens, tileCounts: canvases.map(\.tileCount),
            tileVectors: vision.tileVectors, tileCountMax: vision.tileCountMax)
    }

    /// - Parameters:
    ///   - places: the index of each image's token.
    ///   - tileCounts: the number of tiles of each image.
    init(
        sequenceStarts: [Int], imageStarts: [Int], places: [Int], tileCounts: [Int],
        tileVectors: Int, tileCountMax: Int
    ) {
        for (sequence, first) in imageStarts.dropLast().enumerated() {
            let images = first..<imageStarts[sequence + 1]
            guard !images.isEmpty else { continue }
            let tokens = sequenceStarts[sequence]..<sequenceStarts[sequence + 1]
            let hasEarlierTokens = places[first] > tokens.lowerBound
            let (shown, absent) = (shownCounts.reduce(0, +), absentCounts.reduce(0, +))
            for image in images {
                let absentTiles = hasEarlierTokens ? tileCountMax - tileCounts[image] : 0
                shownCounts.append(tileCounts[image] * tileVectors)
                absentCounts.append(absentTiles * tileVectors)
            }
            // The first row of the sequence, and the ends of each image's vectors.
            let start = rows.count - tokens.lowerBound
            let ends = shownCounts[images].reduce(into: [shown]) { ends, count in
                ends.append(ends[ends.count - 1] + count)
            }
            if hasEarlierTokens {
                segments.append(
                    Segment(
                        rows: start + tokens.lowerBound..<start + places[first],
                        shown: shown..<shownCounts.reduce(0, +),
                        absent: absent..<absentCounts.reduce(0, +), isBeforeImages: true))
            }
            var group = 0
            for (number, image) in images.enumerated() {
                if number > 0, places[image] != places[image - 1] + 1 { group = number }
                let end = image + 1 < images.upperBound ? places[image + 1] : tokens.upperBound
                segments.append(
                    Segment(
                        rows: start + places[image]..<start + end,
                        shown: ends[group]..<ends[number + 1], absent: 0..<0,
                        isBeforeImages: false))
            }
            rows += tokens
        }
    }

    /// Whether some tokens precede the first image of their sequence.
    var hasEarlierTokens: Bool { segments.contains(where: \.isBeforeImages) }

    /// 0 for each of the rows `[M]` before the first image of its sequence, else 1.
    var feedForwardFactors: [Float] {
        segments.flatMap {
            [Float](repeating: $0.isBeforeImages ? 0 : 1, count: $0.rows.count)
        }
    }
}
