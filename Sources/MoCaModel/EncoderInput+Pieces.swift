// Splitting and joining of packed batches. Sequences stay whole, and keep their images.
// Shapes: N sequences, T tokens, P patches.

import MoCaCore
import Torch

extension EncoderInput {
    /// Splits the batch into chunks of adjacent sequences with at most `tokensMax` tokens, unless a
    /// single sequence is longer. Vectors beside a sequence count as its tokens. Patches are views
    /// of this input's.
    package func pieces(tokensMax: Int) -> [EncoderInput] {
        pieces(
            TokenBudget(tokensMax).ranges(
                of: (0..<sequenceCount).map {
                    tokens(of: $0).count + images(of: $0).count * vectorsAnImage
                }))
    }

    /// Splits the batch into a chunk for each range of sequences.
    package func pieces(_ ranges: [Range<Int>]) -> [EncoderInput] {
        let patchStarts = patchStarts
        return ranges.map { piece($0, patchStarts) }
    }

    private func piece(_ rows: Range<Int>, _ patchStarts: [Int]) -> EncoderInput {
        let tokens = sequenceStarts[rows.lowerBound]..<sequenceStarts[rows.upperBound]
        let images = imageStarts[rows.lowerBound]..<imageStarts[rows.upperBound]
        let patches = patchStarts[images.lowerBound]..<patchStarts[images.upperBound]
        let columns = (0..<3).flatMap { axis in
            positions[
                (axis * tokenCount + tokens.lowerBound)..<(axis * tokenCount + tokens.upperBound)]
        }
        return EncoderInput(
            ids: Array(ids[tokens]), positions: columns,
            sequenceStarts: sequenceStarts[rows.lowerBound...rows.upperBound].map {
                $0 - tokens.lowerBound
            },
            imageTokens: imageTokens.filter(tokens.contains).map { $0 - tokens.lowerBound },
            vectorsAnImage: vectorsAnImage, plans: Array(plans[images]),
            imageStarts: imageStarts[rows.lowerBound...rows.upperBound].map {
                $0 - images.lowerBound
            },
            pixels: patches.isEmpty ? nil : pixels?[patches])
    }

    /// Joins all sequences of `pieces` into one input.
    package init(joining pieces: [EncoderInput]) {
        if pieces.count == 1 {
            self = pieces[0]
            return
        }
        var (starts, imageStarts, imageTokens) = ([0], [0], [Int]())
        for piece in pieces {
            let (offset, images) = (starts[starts.count - 1], imageStarts[imageStarts.count - 1])
            imageTokens += piece.imageTokens.map { $0 + offset }
            starts += piece.sequenceStarts.dropFirst().map { $0 + offset }
            imageStarts += piece.imageStarts.dropFirst().map { $0 + images }
        }
        let axes = (0..<3).map { axis in
            pieces.flatMap { piece in
                piece.positions[(axis * piece.tokenCount)..<((axis + 1) * piece.tokenCount)]
            }
        }
        self.init(
            ids: pieces.flatMap(\.ids), positions: axes[0] + axes[1] + axes[2],
            sequenceStarts: starts, imageTokens: imageTokens,
            vectorsAnImage: pieces.first?.vectorsAnImage ?? 0, plans: pieces.flatMap(\.plans),
            imageStarts: imageStarts, pixels: .joined(pieces.compactMap(\.pixels)))
    }
}
