import MoCaCore
import Testing

@testable import MoCaModel

@Suite struct VisionWindowsTests {
    struct Golden: Decodable {
        var patch_size: Int
        var window_size: Int
        var grids: [[Int]]
        var order: [Int32]
        var window_starts: [Int32]
        var frame_starts: [Int32]
        var h: [Int32]
        var w: [Int32]

        var images: [ImageGrid] { grids.map { ImageGrid(t: $0[0], h: $0[1], w: $0[2]) } }
        var windowTokens: Int { window_size / 2 / patch_size }
    }

    let golden: [Golden]

    init() throws {
        golden = try ModelFixtures.json("integers/windows.json", as: [Golden].self)
    }

    @Test func equalToTheReference() throws {
        #expect(golden.count == 46)
        for item in golden {
            let windows = VisionWindows(mergeSize: 2, windowSize: item.windowTokens)
            // The second time, every grid comes from memory.
            for _ in 0..<2 {
                let layout = try windows.layout(of: item.images)
                #expect(layout.groupOrder == item.order, "\(item.grids)")
                #expect(layout.windowStarts == item.window_starts, "\(item.grids)")
                #expect(layout.frameStarts == item.frame_starts, "\(item.grids)")
                #expect(layout.rows == item.h, "\(item.grids)")
                #expect(layout.columns == item.w, "\(item.grids)")
            }
        }
    }

    @Test func placesAreTheInverseOfTheOrder() throws {
        for item in golden {
            let windows = VisionWindows(mergeSize: 2, windowSize: item.windowTokens)
            let layout = try windows.layout(of: item.images)
            #expect(
                layout.groupOrder.map { layout.groupPlace[Int($0)] }
                    == Array(0..<Int32(layout.groupCount)))
            #expect(
                layout.patchOrder.map { layout.patchPlace[Int($0)] }
                    == Array(0..<Int32(layout.patchCount)))
            #expect(layout.patchOrder.count == item.h.count)
        }
    }

    @Test func noImages() throws {
        let layout = try VisionWindows(mergeSize: 2, windowSize: 4).layout(of: [])
        #expect(layout == VisionLayout())
        #expect(layout.patchOrder.isEmpty && layout.windowStarts == [0])
    }

    @Test func badGrid() {
        let grid = ImageGrid(t: 1, h: 4, w: 5)
        let error = #expect(throws: ModelError.self) {
            try VisionWindows(mergeSize: 2, windowSize: 4).layout(of: [grid])
        }
        #expect(error == .badGrid(grid, mergeSize: 2))
    }

    @Test func manyThreadsAtOnce() async throws {
        let windows = VisionWindows(mergeSize: 2, windowSize: 4)
        let items = golden.filter { $0.windowTokens == 4 }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for round in 0..<200 {
                let item = items[round % items.count]
                group.addTask { try windows.layout(of: item.images).groupOrder == item.order }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}
