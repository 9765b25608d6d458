// A step whose loss or gradient is not finite, kept so that `moca replay` computes it again: the
// batches in padded rows with the objective in their metadata, and the weights beside.
// Shapes: B rows, S columns, P patches, V values of a patch.

import Foundation
import MoCaCore
import MoCaModel
import MoCaObjectives
import Safetensors
import Torch

/// Writes batches in the format of `moca replay`.
struct FailedStep {
    /// Of the folders of such steps in a run folder.
    static let folderPrefix = "not-finite-"
    /// Steps that are kept of those that are passed over: more would fill the disk with weights.
    static let keptCount = 3

    let metadata: [String: String]
    let configuration: Qwen25VLConfiguration

    /// `dtype` is what the step was computed in.
    init(
        _ recipe: Recipe, _ configuration: Qwen25VLConfiguration, step: Int, records: [String],
        dtype: DType? = nil
    ) throws {
        self.configuration = configuration
        var texts = try recipe.objective.metadata()
        texts["step"] = "\(step)"
        texts["records"] = records.joined(separator: " ")
        texts["dtype"] = dtype?.rawValue
        texts["mini_batch_tokens"] = recipe.batch.miniBatchTokens.map { "\($0)" }
        metadata = texts
    }

    // MARK: Pre-training

    /// - Throws: `SafetensorsError`.
    func write(_ batch: ReconstructionBatch, to url: URL) throws {
        let rows = PackedRows(batch.input, configuration)
        var tensors = rows.padded(Array(0..<batch.input.sequenceCount), prefix: "")
        let width = rows.width(Array(0..<batch.input.sequenceCount))
        var labels = [Int64](repeating: -100, count: batch.input.sequenceCount * width)
        var masked = [Bool](repeating: false, count: labels.count)
        for (token, id) in zip(batch.maskedTokens, batch.tokenTargets) {
            labels[rows.place(of: token, width: width)] = Int64(id)
        }
        for token in batch.maskedImageTokens { masked[rows.place(of: token, width: width)] = true }
        let shape = [batch.input.sequenceCount, width]
        tensors["labels"] = Tensor(labels, shape: shape)
        tensors["mae_pred_mask"] = Tensor(masked, shape: shape)
        tensors["pixel_labels"] = batch.patchTargets
        try write(tensors, to: url)
    }

    // MARK: Contrastive

    /// - Throws: `SafetensorsError`.
    func write(_ batch: ContrastiveBatch, to url: URL) throws {
        let rows = PackedRows(batch.input, configuration)
        let count = batch.queryCount
        let negatives = Array(batch.sequences[(2 * count)...])
        var tensors = rows.padded(Array(batch.sequences[..<count]), prefix: "query.")
        tensors.merge(
            rows.padded(Array(batch.sequences[count..<2 * count]), prefix: "positive.")
        ) { $1 }
        if !negatives.isEmpty {
            tensors.merge(rows.padded(negatives, prefix: "negative.")) { $1 }
            tensors["negative_counts"] = Tensor(batch.negativeCounts)
        }
        for (name, numbers) in [
            ("candidate_identities", batch.candidateIdentities),
            ("target_identities", batch.targetIdentities),
        ] where !numbers.isEmpty {
            tensors[name] = Tensor(numbers)
        }
        if !batch.teacherScores.isEmpty { tensors["teacher_scores"] = Tensor(batch.teacherScores) }
        try write(tensors, to: url)
    }

    private func write(_ tensors: [String: Tensor], to url: URL) throws {
        let contents = tensors.map { name, tensor in
            (
                tensor: SafetensorsDeclaration(name, tensor.dtype.stored, tensor.shape),
                bytes: tensor.withBytes { Data($0) }
            )
        }
        try SafetensorsWriter.write(contents, to: url, metadata: metadata)
    }
}

/// The sequences of a packed batch, taken apart.
private struct PackedRows {
    private let input: EncoderInput
    /// Of each sequence: its first image and the one after its last.
    private var images: [Range<Int>] = []
    /// Of each image: its first patch and the one after its last.
    private var patches: [Range<Int>] = []

    init(_ input: EncoderInput, _ configuration: Qwen25VLConfiguration) {
        self.input = input
        var patch = 0
        for grid in input.grids {
            patches.append(patch..<patch + grid.patchCount)
            patch += grid.patchCount
        }
        let merge = configuration.vision.mergeUnit
        var image = 0
        for row in 0..<input.sequenceCount {
            let first = image
            var left = input.ids[range(row)].count { $0 == configuration.tokens.image } * merge
            while left > 0, image < input.grids.count {
                left -= input.grids[image].patchCount
                image += 1
            }
            images.append(first..<image)
        }
    }

    private func range(_ row: Int) -> Range<Int> {
        input.sequenceStarts[row]..<input.sequenceStarts[row + 1]
    }

    /// S for these rows.
    func width(_ rows: [Int]) -> Int { rows.map { range($0).count }.max() ?? 0 }

    /// Where a packed token stands in `[B * S]`, all rows taken in order.
    func place(of token: Int, width: Int) -> Int {
        let row = (input.sequenceStarts.firstIndex { $0 > token } ?? 1) - 1
        return row * width + token - input.sequenceStarts[row]
    }

    /// `input_ids`, `attention_mask`, and with images `pixel_values` and `image_grid_thw`.
    func padded(_ rows: [Int], prefix: String) -> [String: Tensor] {
        let width = width(rows)
        var ids = [Int64](repeating: 0, count: rows.count * width)
        var mask = ids
        for (number, row) in rows.enumerated() {
            for (column, token) in range(row).enumerated() {
                ids[number * width + column] = Int64(input.ids[token])
                mask[number * width + column] = 1
            }
        }
        let shape = [rows.count, width]
        var tensors = [
            "\(prefix)input_ids": Tensor(ids, shape: shape),
            "\(prefix)attention_mask": Tensor(mask, shape: shape),
        ]
        let all = rows.flatMap { Array(images[$0]) }
        guard !all.isEmpty, let pixels = input.pixelValues else { return tensors }
        tensors["\(prefix)pixel_values"] = Tensor.concatenated(
            all.map { pixels.narrowed(0, patches[$0]) })
        tensors["\(prefix)image_grid_thw"] = Tensor(
            all.flatMap { image in
                let grid = input.grids[image]
                return [Int64(grid.t), Int64(grid.h), Int64(grid.w)]
            }, shape: [all.count, 3])
        return tensors
    }
}
