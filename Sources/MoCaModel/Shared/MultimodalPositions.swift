// Rotary positions on three axes (time, height, width), as computed by `get_rope_index` of
// Qwen2-VL and its successors.
// Shapes: T tokens of all appended sequences.

package import MoCaCore

/// The positions of packed sequences, appended one sequence at a time.
///
///     var positions = MultimodalPositions(imageToken: 5, visionStartToken: 3, mergeSize: 2)
///     try positions.append(ids, images: [ImageGrid(t: 1, h: 4, w: 6)])
///     positions.flattened   // [3 * T]
///
/// Text counts up on all axes at once; the tokens of an image share a time and have their own row
/// and column; the text after it continues from the largest position + 1.
package struct MultimodalPositions: Sendable {
    /// The time, height and width of each token, three lists of length T.
    package private(set) var axes: [[Int32]] = [[], [], []]

    private let imageToken: Int32
    private let visionStartToken: Int32
    private let mergeSize: Int

    /// Creates empty positions; `mergeSize` x `mergeSize` patches become one token.
    package init(imageToken: Int32, visionStartToken: Int32, mergeSize: Int) {
        self.imageToken = imageToken
        self.visionStartToken = visionStartToken
        self.mergeSize = mergeSize
    }

    /// The number of tokens, T.
    package var count: Int { axes[0].count }

    /// The positions `[3, T]`, row-major.
    package var flattened: [Int32] { axes[0] + axes[1] + axes[2] }

    /// Appends one sequence and the grids of its images, in order. Positions start at 0.
    ///
    /// An image begins at an image token directly after a vision start. Throws `imagesDisagree`
    /// unless images and grids match one to one, each image has exactly the tokens of its grid, and
    /// there are no other image tokens; `badGrid` for a grid that cannot be merged. On failure
    /// nothing is appended.
    package mutating func append(_ ids: [Int32], images: [ImageGrid]) throws(ModelError) {
        let starts = try imageStarts(ids, images)
        for axis in 0..<3 {
            axes[axis].reserveCapacity(count + ids.count)
        }
        var (next, token) = (Int32(0), 0)
        for (start, grid) in zip(starts, images) {
            appendText(start - token, from: next)
            next += Int32(start - token)
            let (rows, columns) = (grid.h / mergeSize, grid.w / mergeSize)
            appendImage(frames: grid.t, rows: rows, columns: columns, from: next)
            // Every frame of a still image has time 0, so height and width alone decide.
            next += Int32(max(rows, columns))
            token = start + grid.t * rows * columns
        }
        appendText(ids.count - token, from: next)
    }

    private mutating func appendText(_ length: Int, from first: Int32) {
        for axis in 0..<3 {
            axes[axis].append(contentsOf: first..<first + Int32(length))
        }
    }

    private mutating func appendImage(frames: Int, rows: Int, columns: Int, from first: Int32) {
        axes[0].append(contentsOf: repeatElement(first, count: frames * rows * columns))
        for _ in 0..<frames {
            for row in 0..<Int32(rows) {
                axes[1].append(contentsOf: repeatElement(first + row, count: columns))
                axes[2].append(contentsOf: first..<first + Int32(columns))
            }
        }
    }

    /// The index of each image's first token, after all checks.
    private func imageStarts(_ ids: [Int32], _ images: [ImageGrid]) throws(ModelError) -> [Int] {
        for grid in images {
            try grid.checkMergeable(mergeSize)
        }
        let starts = ids.indices.dropFirst().filter {
            ids[$0] == imageToken && ids[$0 - 1] == visionStartToken
        }
        guard starts.count == images.count else {
            throw .imagesDisagree(
                reason: "\(starts.count) image blocks directly follow a vision start, "
                    + "but there are \(images.count) images")
        }
        var counted = 0
        for (number, (start, grid)) in zip(starts, images).enumerated() {
            let length = ids[start...].prefix { $0 == imageToken }.count
            let expected = grid.tokenCount(mergeSize: mergeSize)
            guard length == expected else {
                throw .imagesDisagree(
                    reason: "image \(number) has \(length) image tokens, but its grid "
                        + "\(grid.t) x \(grid.h) x \(grid.w) gives \(expected)")
            }
            counted += length
        }
        let all = ids.count { $0 == imageToken }
        guard all == counted else {
            throw .imagesDisagree(
                reason: "\(all - counted) image tokens do not belong to an image: "
                    + "they do not follow a vision start")
        }
        return starts
    }
}

extension ImageGrid {
    /// The maximum side of a grid, in patches: products of three sides stay far from overflow.
    package static let sideMax = 65_535

    /// Throws `badGrid` unless the grid consists of whole groups of `mergeSize` x `mergeSize`
    /// patches.
    package func checkMergeable(_ mergeSize: Int) throws(ModelError) {
        let isWhole = h % mergeSize == 0 && w % mergeSize == 0
        guard [t, h, w].allSatisfy({ (1...Self.sideMax).contains($0) }), isWhole else {
            throw .badGrid(self, mergeSize: mergeSize)
        }
    }
}
