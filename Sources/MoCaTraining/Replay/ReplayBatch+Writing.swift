// Writing the batches of a run in the format of `moca replay`.
// Shapes: B rows, S columns, P patches, V values per patch.

package import Foundation
import MoCaCore
import MoCaModel
package import MoCaObjectives
import Safetensors
import Torch

extension ReplayBatch {
    /// Writes a reconstruction batch.
    ///
    /// - Throws: `SafetensorsError`.
    package static func write(
        _ batch: ReconstructionBatch, metadata: [String: String], to url: URL
    ) throws {
        let rows = PackedRows(batch.input)
        let all = Array(0..<batch.input.sequenceCount)
        var tensors = rows.padded(all, .none)
        let width = rows.width(all)
        var labels = [Int64](repeating: -100, count: all.count * width)
        var masked = [Bool](repeating: false, count: labels.count)
        for (token, id) in zip(batch.maskedTokens, batch.tokenTargets) {
            labels[rows.place(of: token, width: width)] = Int64(id)
        }
        for token in batch.maskedImageTokens { masked[rows.place(of: token, width: width)] = true }
        tensors[.labels] = Tensor(labels, shape: [all.count, width])
        tensors[.maskedPatches] = Tensor(masked, shape: [all.count, width])
        tensors[.patchTargets] = batch.patchTargets
        try write(tensors, metadata, to: url)
    }

    /// Writes a contrastive batch. A sequence used by several rows is repeated; `sequences` maps
    /// rows to distinct sequences, and `piece_starts` gives the chunks in which they are computed.
    ///
    /// - Throws: `SafetensorsError`.
    package static func write(
        _ batch: ContrastiveBatch, metadata: [String: String], to url: URL
    ) throws {
        let rows = PackedRows(batch.input)
        let count = batch.queryCount
        let negatives = Array(batch.sequences[(2 * count)...])
        var tensors = rows.padded(Array(batch.sequences[..<count]), .query)
        tensors.merge(rows.padded(Array(batch.sequences[count..<2 * count]), .positive)) { $1 }
        if !negatives.isEmpty {
            tensors.merge(rows.padded(negatives, .negative)) { $1 }
            tensors[.negativeCounts] = Tensor(batch.negativeCounts)
        }
        let starts = batch.pieces.reduce(into: [0]) { starts, piece in
            starts.append(starts[starts.count - 1] + piece.sequenceCount)
        }
        for (name, numbers) in [
            (TensorName.candidateIdentities, batch.candidateIdentities),
            (.targetIdentities, batch.targetIdentities), (.sequences, batch.sequences),
            (.pieceStarts, starts),
        ] where !numbers.isEmpty {
            tensors[name] = Tensor(numbers)
        }
        if !batch.teacherScores.isEmpty { tensors[.teacherScores] = Tensor(batch.teacherScores) }
        try write(tensors, metadata, to: url)
    }

    private static func write(
        _ tensors: [TensorName: Tensor], _ metadata: [String: String], to url: URL
    ) throws {
        let contents = tensors.map { name, tensor in
            (
                tensor: SafetensorsDeclaration(name.text, tensor.dtype.stored, tensor.shape),
                bytes: tensor.withBytes { Data($0) }
            )
        }
        try SafetensorsWriter.write(contents, to: url, metadata: metadata)
    }
}

/// The sequences of a packed batch as padded rows.
private struct PackedRows {
    private let input: EncoderInput
    private let pixelValues: Tensor?
    private let patchStarts: [Int]

    init(_ input: EncoderInput) {
        self.input = input
        pixelValues = input.pixelValues
        patchStarts = input.patchStarts
    }

    /// Returns S for the given rows.
    func width(_ rows: [Int]) -> Int { rows.map { input.tokens(of: $0).count }.max() ?? 0 }

    /// Returns the index of a packed token in `[B * S]`, with all rows in order.
    func place(of token: Int, width: Int) -> Int {
        let row = (input.sequenceStarts.firstIndex { $0 > token } ?? 1) - 1
        return row * width + token - input.sequenceStarts[row]
    }

    /// Returns `input_ids`, `attention_mask`, and with images `pixel_values` and their
    /// plans.
    func padded(_ rows: [Int], _ side: ReplayBatch.Side) -> [ReplayBatch.TensorName: Tensor] {
        let width = width(rows)
        var ids = [Int64](repeating: 0, count: rows.count * width)
        var mask = ids
        for (number, row) in rows.enumerated() {
            for (column, token) in input.tokens(of: row).enumerated() {
                ids[number * width + column] = Int64(input.ids[token])
                mask[number * width + column] = 1
            }
        }
        let shape = [rows.count, width]
        var tensors = [
            side.name(.inputIDs): Tensor(ids, shape: shape),
            side.name(.attentionMask): Tensor(mask, shape: shape),
        ]
        let all = rows.flatMap { Array(input.images(of: $0)) }
        guard !all.isEmpty, let pixelValues else { return tensors }
        tensors[side.name(.pixelValues)] = Tensor.concatenated(
            all.map { pixelValues.narrowed(0, patchStarts[$0]..<patchStarts[$0 + 1]) })
        let plans = rows.map { Array(input.plans[input.images(of: $0)]) }
        tensors.merge(ReplayBatch.tensors(of: plans, side)) { $1 }
        return tensors
    }
}
