// The images of a saved batch: grids under the name of the reference, other plans as rows of
// integers.

import MoCaCore
import MoCaModel
import Torch

extension ImagePlan {
    /// The number of integers of a row.
    static let integerCount = 8

    /// The plan as a row of integers: its kind, its numbers in the order of their declaration, and
    /// zeros.
    var integers: [Int64] {
        let numbers: [Int] =
            switch self {
            case .grid(let grid): [0, grid.t, grid.h, grid.w]
            case .tiles(let tiles):
                [
                    1, tiles.rows, tiles.columns, tiles.side, tiles.keptRows.lowerBound,
                    tiles.keptRows.upperBound, tiles.keptColumns.lowerBound,
                    tiles.keptColumns.upperBound,
                ]
            case .crops(let crops): [2, crops.rows, crops.columns, crops.side]
            case .canvas(let canvas): [3, canvas.rows, canvas.columns, canvas.side]
            }
        let zeros = [Int](repeating: 0, count: Self.integerCount - numbers.count)
        return (numbers + zeros).map { Int64($0) }
    }

    /// The plan of a row of integers; nil if the row is of none.
    init?(integers row: [Int64]) {
        let numbers = row.map { Int(clamping: $0) }
        // Products of four sides stay far from overflow.
        let most = row.first == 0 ? ImageGrid.sideMax : 4096
        guard numbers.count == Self.integerCount,
            numbers.dropFirst().allSatisfy({ (0...most).contains($0) }),
            numbers[4] <= numbers[5], numbers[6] <= numbers[7]
        else { return nil }
        let (first, second, third) = (numbers[1], numbers[2], numbers[3])
        switch numbers[0] {
        case 0: self = .grid(ImageGrid(t: first, h: second, w: third))
        case 1:
            self = .tiles(
                ImageTiles(
                    rows: first, columns: second, side: third,
                    keptRows: numbers[4]..<numbers[5], keptColumns: numbers[6]..<numbers[7]))
        case 2: self = .crops(ImageCrops(rows: first, columns: second, side: third))
        case 3: self = .canvas(ImageCanvas(rows: first, columns: second, side: third))
        default: return nil
        }
    }
}

extension ReplayBatch {
    /// The images of each row of a side.
    ///
    /// - Parameter tokens: the tokens of each row.
    /// - Throws: `ReplayError`.
    func plans(_ side: Side, of tokens: [[Int32]]) throws -> [[ImagePlan]] {
        let isGrids = !has(side.name(.imagePlans))
        let name = side.name(isGrids ? .imageGrids : .imagePlans)
        var plans = try isGrids ? grids(named: name) : otherPlans(named: name)
        // Images side by side cannot be told apart by their tokens in every family.
        var counts = tokens.map { configuration.inputRules.imageCount(in: $0) }
        if !isGrids {
            counts = try integers(side.name(.imageCounts), count: tokens.count)
                .map { Int(clamping: max(0, $0)) }
        }
        let rows = counts.map { count in
            let own = Array(plans.prefix(count))
            plans = plans.dropFirst(count)
            return own
        }
        guard plans.isEmpty else {
            throw bad(name, "has \(plans.count) images that no row contains")
        }
        return rows
    }

    /// The largest size of an image, in patches.
    private static let sizeMax: Int64 = 1 << 16

    private func grids(named name: TensorName) throws -> ArraySlice<ImagePlan> {
        guard has(name) else { return [] }
        let plans = try table(name, width: 3).map { row in
            guard row.allSatisfy({ $0 > 0 }) else {
                throw bad(name, "has the row \(row), which is no grid")
            }
            return ImagePlan.grid(ImageGrid(t: Int(row[0]), h: Int(row[1]), w: Int(row[2])))
        }
        return plans[...]
    }

    private func otherPlans(named name: TensorName) throws -> ArraySlice<ImagePlan> {
        let rows = try table(name, width: ImagePlan.integerCount)
        let plans = try rows.map { row -> ImagePlan in
            guard let plan = ImagePlan(integers: row) else {
                throw bad(name, "has the row \(row), which describes no image")
            }
            return plan
        }
        return plans[...]
    }

    private func table(_ name: TensorName, width: Int) throws -> [[Int64]] {
        let table = try tensor(name)
        guard table.rank == 2, table.shape[1] == width else {
            throw bad(name, "has shape \(table.shape), expected [images, \(width)]")
        }
        let values = table.array(Int64.self)
        // Counts of patches must not overflow.
        guard values.allSatisfy({ (-Self.sizeMax...Self.sizeMax).contains($0) }) else {
            throw bad(name, "has sizes over \(Self.sizeMax)")
        }
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    /// The tensors that describe the images of rows.
    ///
    /// - Parameters:
    ///   - plans: the images of each row.
    static func tensors(of plans: [[ImagePlan]], _ side: Side) -> [TensorName: Tensor] {
        let all = Array(plans.joined())
        let grids = all.compactMap(\.grid)
        guard grids.count < all.count else {
            let rows = grids.flatMap { [Int64($0.t), Int64($0.h), Int64($0.w)] }
            return [side.name(.imageGrids): Tensor(rows, shape: [all.count, 3])]
        }
        return [
            side.name(.imagePlans): Tensor(
                all.flatMap(\.integers), shape: [all.count, ImagePlan.integerCount]),
            side.name(.imageCounts): Tensor(plans.map(\.count)),
        ]
    }
}
