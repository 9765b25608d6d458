import Testing

@testable import MoCaModel

/// Which image vectors each token sees, with tiles of 10 vectors and at most 4 tiles.
@Suite struct CrossReachTests {
    private static func reach(
        starts: [Int], images: [Int], places: [Int], tiles: [Int]
    ) -> CrossReach {
        CrossReach(
            sequenceStarts: starts, imageStarts: images, places: places, tileCounts: tiles,
            tileVectors: 10, tileCountMax: 4)
    }

    private static func segment(
        _ rows: Range<Int>, _ shown: Range<Int>, _ absent: Range<Int> = 0..<0,
        isBefore: Bool = false
    ) -> CrossReach.Segment {
        .init(rows: rows, shown: shown, absent: absent, isBeforeImages: isBefore)
    }

    @Test func aTextIsLeftOut() {
        let found = Self.reach(
            starts: [0, 3, 8, 10], images: [0, 0, 1, 1], places: [3], tiles: [2])
        #expect(found.rows == [3, 4, 5, 6, 7])
        #expect(found.segments == [Self.segment(0..<5, 0..<20)])
        #expect(found.shownCounts == [20] && found.absentCounts == [0])
        #expect(!found.hasEarlierTokens && found.feedForwardFactors == [1, 1, 1, 1, 1])
    }

    /// An image is seen up to the next one.
    @Test func imagesBetweenTextsAreSeenInTurn() {
        let found = Self.reach(
            starts: [0, 6], images: [0, 2], places: [0, 3], tiles: [1, 4])
        #expect(
            found.segments == [Self.segment(0..<3, 0..<10), Self.segment(3..<6, 10..<50)])
    }

    /// Of neighbouring images, each is seen as far as the last of them.
    @Test func neighboursShareTheReachOfTheLast() {
        let found = Self.reach(
            starts: [0, 8], images: [0, 4], places: [0, 1, 2, 5], tiles: [1, 2, 1, 3])
        #expect(
            found.segments == [
                Self.segment(0..<1, 0..<10), Self.segment(1..<2, 0..<30),
                Self.segment(2..<5, 0..<40), Self.segment(5..<8, 40..<70),
            ])
    }

    /// Tokens before the first image see all vectors of all images, also of absent tiles.
    @Test func earlierTokensSeeEverything() {
        let found = Self.reach(
            starts: [0, 2, 7], images: [0, 1, 3], places: [0, 4, 6], tiles: [3, 1, 4])
        #expect(
            found.segments == [
                Self.segment(0..<2, 0..<30),
                Self.segment(2..<4, 30..<80, 0..<30, isBefore: true),
                Self.segment(4..<6, 30..<40), Self.segment(6..<7, 40..<80),
            ])
        #expect(found.absentCounts == [0, 30, 0])
        #expect(found.feedForwardFactors == [1, 1, 0, 0, 1, 1, 1])
    }
}
