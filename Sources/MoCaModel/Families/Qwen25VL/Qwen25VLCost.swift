// The cost of the vision tower of Qwen2.5-VL.

import MoCaCore

extension Qwen25VLConfiguration.Vision {
    /// FLOPs of an image.
    func cost(_ grid: ImageGrid) -> Double {
        let (patches, width) = (Double(grid.patchCount), Double(hiddenSize))
        let full = Double(fullAttentionBlockIndexes.count)
        let block = 4 * width * width + 3 * width * Double(intermediateSize)
        var operations =
            2 * patches * (Double(depth) * block + Double(patchValueCount) * width)
        let merged = Double(mergeUnit) * width
        operations +=
            2 * patches / Double(mergeUnit)
            * (merged * merged + merged * Double(outHiddenSize))
        operations += (Double(depth) - full) * windowScores(grid)
        let frame = Double(grid.h * grid.w)
        return operations + full * 4 * Double(grid.t) * frame * frame * width
    }

    /// FLOPs of attention inside the windows of an image, in one block.
    private func windowScores(_ grid: ImageGrid) -> Double {
        let side = windowTokens * spatialMergeSize
        var squares = 0
        for y in stride(from: 0, to: grid.h, by: side) {
            for x in stride(from: 0, to: grid.w, by: side) {
                let count = min(side, grid.h - y) * min(side, grid.w - x)
                squares += count * count
            }
        }
        return 4 * Double(squares * grid.t) * Double(hiddenSize)
    }
}
