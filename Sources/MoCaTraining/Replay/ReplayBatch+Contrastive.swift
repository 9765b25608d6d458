// Saved batches of contrastive training.

import Foundation
import MoCaCore
import MoCaModel
package import MoCaObjectives
import Torch

extension ReplayBatch {
    /// Reads the batch of `--objective contrastive`: `query.*`, `positive.*`, `negative.*`
    /// (optional, n per query in order, or with `negative_counts` `[B]`). In files of a run,
    /// `sequences` maps rows to the distinct sequences, each computed once, and `piece_starts`
    /// gives their chunks.
    ///
    /// - Throws: `ReplayError`, `ModelError`.
    package func contrastive() throws -> ContrastiveBatch {
        var sides = [try rows(.query), try rows(.positive)]
        let queries = sides[0].sequences.count
        guard sides[1].sequences.count == queries else {
            throw bad(
                Side.positive.name(.inputIDs),
                "has \(sides[1].sequences.count) rows for \(queries) queries")
        }
        if has(Side.negative.name(.inputIDs)) { sides.append(try rows(.negative)) }
        let counts = try negativeCounts(sides.count > 2 ? sides[2].sequences.count : 0, queries)
        let candidates = queries + counts.reduce(0, +)
        let (pieces, sequences) = try pieces(sides)
        var batch = ContrastiveBatch(
            pieces: pieces, sequences: sequences, negativeCounts: counts,
            candidateIdentities: try optionalIntegers(.candidateIdentities, count: candidates)
                ?? identities(Array(sides.dropFirst())))
        batch.targetIdentities =
            try optionalIntegers(.targetIdentities, count: candidates) ?? []
        if has(.teacherScores) {
            batch.teacherScores = try tensor(.teacherScores).array()
            guard batch.teacherScores.count == candidates else {
                throw bad(
                    .teacherScores,
                    "has \(batch.teacherScores.count) elements, expected \(candidates)")
            }
        }
        return batch
    }

    /// Returns the distinct sequences in chunks, and the index of each row's sequence.
    private func pieces(_ sides: [Rows]) throws -> ([EncoderInput], [Int]) {
        let rows = sides.flatMap(\.sequences)
        let parts = sides.compactMap(\.pixelValues)
        let pixels = parts.isEmpty ? nil : Tensor.concatenated(parts)
        guard let numbers = try optionalIntegers(.sequences, count: rows.count) else {
            let input = try EncoderInput(rows, pixelValues: pixels, for: configuration)
            return ([input], Array(rows.indices))
        }
        var (first, patch) = ([Int: (row: Int, patches: Range<Int>)](), 0)
        for (row, number) in numbers.enumerated() {
            let end = patch + rows[row].patchCount
            if first[number] == nil { first[number] = (row, patch..<end) }
            patch = end
        }
        let distinct = (0..<first.count).compactMap { first[$0] }
        guard distinct.count == first.count else {
            throw bad(.sequences, "does not count from 0 without a gap")
        }
        let own = distinct.map(\.patches).filter { !$0.isEmpty }
        let patches = pixels.map { all in own.map { all.narrowed(0, $0) } } ?? []
        let input = try EncoderInput(
            distinct.map { rows[$0.row] },
            pixelValues: patches.isEmpty ? nil : .concatenated(patches), for: configuration)
        return (input.pieces(try pieceRanges(distinct.count)), numbers)
    }

    /// Returns the sequence range of each chunk: one chunk if the file does not specify them.
    private func pieceRanges(_ count: Int) throws -> [Range<Int>] {
        guard has(.pieceStarts) else { return [0..<count] }
        let starts = try tensor(.pieceStarts).array(Int64.self).map(Int.init)
        let isRising = zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }
        guard isRising, starts.first == 0, starts.last == count else {
            throw bad(.pieceStarts, "is \(starts), which do not rise from 0 to \(count)")
        }
        return zip(starts, starts.dropFirst()).map { $0..<$1 }
    }

    /// Returns the integers of a tensor; nil if the file does not contain it.
    private func optionalIntegers(_ name: TensorName, count: Int) throws -> [Int]? {
        guard has(name) else { return nil }
        return try integers(name, count: count).map(Int.init)
    }

    private func negativeCounts(_ total: Int, _ queries: Int) throws -> [Int] {
        guard has(.negativeCounts) else {
            guard queries > 0, total % queries == 0 else {
                throw bad(
                    Side.negative.name(.inputIDs),
                    "has \(total) rows, which \(queries) queries do not share evenly")
            }
            return [Int](repeating: total / queries, count: queries)
        }
        let counts = try integers(.negativeCounts, count: queries).map(Int.init)
        guard counts.allSatisfy({ (0...total).contains($0) }), counts.reduce(0, +) == total else {
            throw bad(.negativeCounts, "is \(counts), which do not sum to \(total) rows")
        }
        return counts
    }

    /// Returns one identity per row; rows with equal tokens and pixels share it.
    private func identities(_ sides: [Rows]) throws -> [Int] {
        var known: [Data: Int] = [:]
        return sides.flatMap { side -> [Int] in
            var patch = 0
            return side.sequences.map { sequence in
                let count = sequence.patchCount
                var key = sequence.ids.withUnsafeBytes { Data($0) }
                if count > 0, let pixels = side.pixelValues {
                    pixels.narrowed(0, patch..<patch + count).withBytes {
                        key.append(contentsOf: $0)
                    }
                }
                patch += count
                let number = known[key] ?? known.count
                known[key] = number
                return number
            }
        }
    }
}
