import MoCaCore
import Testing

@testable import MoCaModel

@Suite struct MultimodalPositionsTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            var name: String
            var ids: [Int32]
            var grids: [[Int]]
            var positions: [[Int32]]?

            var images: [ImageGrid] { grids.map { ImageGrid(t: $0[0], h: $0[1], w: $0[2]) } }
        }
        var cases: [Case]
        var refused: [Case]
        var image_token_id: Int32
        var vision_start_token_id: Int32
    }

    let golden: Golden
    let empty: MultimodalPositions

    init() throws {
        golden = try ModelFixtures.json("integers/positions.json", as: Golden.self)
        empty = MultimodalPositions(
            imageToken: golden.image_token_id, visionStartToken: golden.vision_start_token_id,
            mergeSize: 2)
    }

    @Test func everySequenceAlone() throws {
        #expect(golden.cases.count == 24)
        for item in golden.cases {
            var positions = empty
            try positions.append(item.ids, images: item.images)
            #expect(positions.axes == item.positions, "\(item.name)")
        }
    }

    @Test func packedSequencesDoNotKnowEachOther() throws {
        var (positions, expected) = (empty, [[Int32]](repeating: [], count: 3))
        for item in golden.cases {
            try positions.append(item.ids, images: item.images)
            for axis in 0..<3 { expected[axis] += item.positions?[axis] ?? [] }
        }
        #expect(positions.flattened == expected.flatMap { $0 })
        #expect(positions.count == golden.cases.map(\.ids.count).reduce(0, +))
    }

    @Test func disagreementsAreRefusedAndAppendNothing() throws {
        #expect(golden.refused.count == 9)
        for item in golden.refused {
            var positions = empty
            try positions.append([1, 2], images: [])
            let error = #expect(throws: ModelError.self, "\(item.name)") {
                try positions.append(item.ids, images: item.images)
            }
            guard case .imagesDisagree? = error else {
                Issue.record("\(item.name): \(String(describing: error))")
                continue
            }
            #expect(positions.axes == [[0, 1], [0, 1], [0, 1]])
        }
    }

    @Test func reasonsNameTheImage() {
        let (start, image) = (golden.vision_start_token_id, golden.image_token_id)
        func reason(_ ids: [Int32], _ images: [ImageGrid]) -> String {
            var positions = empty
            do {
                try positions.append(ids, images: images)
                return ""
            } catch .imagesDisagree(let reason) {
                return reason
            } catch {
                return String(describing: error)
            }
        }
        let grid = ImageGrid(t: 1, h: 4, w: 4)
        #expect(
            reason([start, image, image], [grid])
                == "image 0 has 2 image tokens, but its grid 1 x 4 x 4 gives 4")
        #expect(
            reason([image], [grid])
                == "0 image blocks directly follow a vision start, but there are 1 images")
        #expect(
            reason([start, image, image, image, image, 7, image], [grid])
                == "1 image tokens do not belong to an image: they do not follow a vision start")
    }

    @Test(arguments: [
        ImageGrid(t: 1, h: 3, w: 4), ImageGrid(t: 0, h: 2, w: 2), ImageGrid(t: 1, h: -2, w: -2),
        ImageGrid(t: 1, h: 2, w: .max - 1),
    ])
    func badGrids(_ grid: ImageGrid) {
        var positions = empty
        let (start, image) = (golden.vision_start_token_id, golden.image_token_id)
        let error = #expect(throws: ModelError.self) {
            try positions.append([start, image], images: [grid])
        }
        #expect(error == .badGrid(grid, mergeSize: 2))
    }
}
