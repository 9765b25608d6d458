// A packed batch cut into smaller ones, and put together again. Sequences stay whole, and their
// images stay with them.
// Shapes: N sequences, T tokens, P patches.

import MoCaCore
import Torch

extension EncoderInput {
    /// Pieces of neighbouring sequences, of at most `tokensMax` tokens where a sequence is not
    /// longer by itself. Their patches are views of this input's.
    package func pieces(tokensMax: Int) -> [EncoderInput] {
        guard sequenceCount > 0 else { return [] }
        var (ranges, first) = ([Range<Int>](), 0)
        for row in 1...sequenceCount {
            let isOver =
                row < sequenceCount
                && sequenceStarts[row + 1] - sequenceStarts[first] > tokensMax
            guard isOver || row == sequenceCount else { continue }
            ranges.append(first..<row)
            first = row
        }
        return pieces(ranges)
    }

    /// A piece for each range of sequences; these follow each other from the first sequence on.
    package func pieces(_ ranges: [Range<Int>]) -> [EncoderInput] {
        var (pieces, cursor) = ([EncoderInput](), ImageCursor())
        for range in ranges { pieces.append(piece(range, &cursor)) }
        return pieces
    }

    /// How far the images have been handed out.
    private struct ImageCursor {
        var (token, image, patch) = (0, 0, 0)
    }

    private func piece(_ rows: Range<Int>, _ cursor: inout ImageCursor) -> EncoderInput {
        let tokens = sequenceStarts[rows.lowerBound]..<sequenceStarts[rows.upperBound]
        let columns = (0..<3).flatMap { axis in
            positions[
                (axis * tokenCount + tokens.lowerBound)..<(axis * tokenCount + tokens.upperBound)]
        }
        let firstToken = cursor.token
        while cursor.token < imageTokens.count, imageTokens[cursor.token] < tokens.upperBound {
            cursor.token += 1
        }
        let standing = imageTokens[firstToken..<cursor.token]
        let (firstImage, firstPatch) = (cursor.image, cursor.patch)
        var left = standing.count * patchesPerImageToken
        while left > 0, cursor.image < grids.count {
            left -= grids[cursor.image].patchCount
            cursor.patch += grids[cursor.image].patchCount
            cursor.image += 1
        }
        return EncoderInput(
            ids: Array(ids[tokens]), positions: columns,
            sequenceStarts: sequenceStarts[rows.lowerBound...rows.upperBound].map {
                $0 - tokens.lowerBound
            },
            imageTokens: standing.map { $0 - tokens.lowerBound },
            grids: Array(grids[firstImage..<cursor.image]),
            pixelValues: cursor.patch == firstPatch
                ? nil : pixelValues?.narrowed(0, firstPatch..<cursor.patch))
    }

    /// Patches that one image token stands for.
    private var patchesPerImageToken: Int {
        let patches = grids.reduce(0) { $0 + $1.patchCount }
        return imageTokens.isEmpty ? 0 : patches / imageTokens.count
    }

    /// All sequences of `pieces` in one input.
    package init(joining pieces: [EncoderInput]) {
        if pieces.count == 1 {
            self = pieces[0]
            return
        }
        var (starts, images) = ([0], [Int]())
        for piece in pieces {
            let offset = starts[starts.count - 1]
            images += piece.imageTokens.map { $0 + offset }
            starts += piece.sequenceStarts.dropFirst().map { $0 + offset }
        }
        let axes = (0..<3).map { axis in
            pieces.flatMap { piece in
                piece.positions[(axis * piece.tokenCount)..<((axis + 1) * piece.tokenCount)]
            }
        }
        let pixels = pieces.compactMap(\.pixelValues)
        self.init(
            ids: pieces.flatMap(\.ids), positions: axes[0] + axes[1] + axes[2],
            sequenceStarts: starts, imageTokens: images, grids: pieces.flatMap(\.grids),
            pixelValues: pixels.isEmpty ? nil : .concatenated(pixels))
    }
}
