// Batches saved as safetensors, for `moca replay`: padded rows, as other implementations have them.
// Shapes: B rows, S columns, P patches, V values of a patch.

package import Foundation
package import MoCaCore
package import MoCaModel
import Safetensors
import Torch

/// What can be wrong with a saved batch.
package enum ReplayError: UserFacingError, Hashable {
    /// A tensor that the objective needs is not there.
    case missingTensor(file: String, name: String)
    /// A tensor whose shape or values cannot be used.
    case badTensor(file: String, name: String, reason: String)

    package var kind: FailureKind { .badData }

    package var errorDescription: String? {
        switch self {
        case .missingTensor(let file, let name):
            "batch lacks a tensor (\(file)): \(name) is missing"
        case .badTensor(let file, let name, let reason):
            "tensor of a batch cannot be used (\(file)): \(name) \(reason)"
        }
    }

    package var recoverySuggestion: String? {
        "write the batch with the names and shapes that `moca help replay` lists"
    }
}

/// Reads padded rows of one file into packed batches.
package struct ReplayBatch {
    private let file: SafetensorsFile
    private let configuration: Qwen25VLConfiguration

    /// - Throws: `SafetensorsError`.
    package init(reading url: URL, for configuration: Qwen25VLConfiguration) throws {
        file = try SafetensorsFile(mapping: url)
        self.configuration = configuration
    }

    /// The file's texts, such as the objective that it was saved with.
    package var metadata: [String: String] { file.metadata }

    /// The texts of a file, before there is a model.
    ///
    /// - Throws: `SafetensorsError`.
    package static func metadata(of url: URL) throws -> [String: String] {
        try SafetensorsFile(mapping: url).metadata
    }

    /// The batch of `--objective pretrain`: `input_ids`, `attention_mask`, `pixel_values` (already
    /// masked), `image_grid_thw`, `labels`, `mae_pred_mask`, `pixel_labels`.
    ///
    /// - Throws: `ReplayError`, `ModelError`.
    package func reconstruction() throws -> ReconstructionBatch {
        let rows = try rows("")
        let labels = try integers("labels", count: rows.isKept.count)
        let mask = try integers("mae_pred_mask", count: rows.isKept.count)
        var (tokens, targets, images) = ([Int](), [Int32](), [Int]())
        for (place, index) in rows.kept.enumerated() {
            if labels[index] != -100 {
                tokens.append(place)
                targets.append(Int32(clamping: labels[index]))
            }
            if mask[index] != 0 { images.append(place) }
        }
        if let wild = targets.first(where: { $0 < 0 || $0 >= configuration.text.vocabularySize }) {
            throw bad("labels", "has \(wild), which is neither an id nor -100")
        }
        let input = try EncoderInput(
            rows.sequences, pixelValues: rows.pixelValues, for: configuration)
        guard images.allSatisfy({ input.ids[$0] == configuration.tokens.image }) else {
            throw bad("mae_pred_mask", "is true where no image token stands")
        }
        let patches = images.count * configuration.vision.mergeUnit
        let shape = [patches, configuration.vision.patchValueCount]
        let originals = patches == 0 ? nil : try tensor("pixel_labels")
        if let originals, originals.shape != shape {
            throw bad("pixel_labels", "has shape \(originals.shape), expected \(shape)")
        }
        return ReconstructionBatch(
            input: input, maskedTokens: tokens, tokenTargets: targets,
            maskedImageTokens: images, patchTargets: originals?.to(.float32))
    }

    /// The batch of `--objective contrastive`: `query.*`, `positive.*`, `negative.*` (optional, n a
    /// query in order, or with `negative_counts` `[B]`).
    ///
    /// - Throws: `ReplayError`, `ModelError`.
    package func contrastive() throws -> ContrastiveBatch {
        let sides = [try rows("query."), try rows("positive.")]
        let queries = sides[0].sequences.count
        guard sides[1].sequences.count == queries else {
            throw bad(
                "positive.input_ids", "has \(sides[1].sequences.count) rows for \(queries) queries")
        }
        let hasNegatives = file.entries["negative.input_ids"] != nil
        let all = hasNegatives ? sides + [try rows("negative.")] : sides
        let sequences = all.flatMap(\.sequences)
        let pixels = all.compactMap(\.pixelValues)
        let input = try EncoderInput(
            sequences, pixelValues: pixels.isEmpty ? nil : .concatenated(pixels),
            for: configuration)
        let counts = try negativeCounts(all.count > 2 ? all[2].sequences.count : 0, queries)
        let candidates = sequences.count - queries
        var batch = ContrastiveBatch(
            input: input, sequences: Array(sequences.indices), negativeCounts: counts,
            candidateIdentities: try optionalIntegers("candidate_identities", count: candidates)
                ?? identities(Array(all.dropFirst())))
        batch.targetIdentities =
            try optionalIntegers("target_identities", count: candidates) ?? []
        if file.entries["teacher_scores"] != nil {
            batch.teacherScores = try tensor("teacher_scores").array()
            guard batch.teacherScores.count == candidates else {
                throw bad(
                    "teacher_scores",
                    "has \(batch.teacherScores.count) elements, expected \(candidates)")
            }
        }
        return batch
    }

    /// nil where there is no such tensor.
    private func optionalIntegers(_ name: String, count: Int) throws -> [Int]? {
        guard file.entries[name] != nil else { return nil }
        return try integers(name, count: count).map(Int.init)
    }

    private func negativeCounts(_ total: Int, _ queries: Int) throws -> [Int] {
        guard file.entries["negative_counts"] != nil else {
            guard queries > 0, total % queries == 0 else {
                throw bad(
                    "negative.input_ids",
                    "has \(total) rows, which \(queries) queries do not share evenly")
            }
            return [Int](repeating: total / queries, count: queries)
        }
        let counts = try integers("negative_counts", count: queries).map(Int.init)
        guard counts.allSatisfy({ (0...total).contains($0) }), counts.reduce(0, +) == total else {
            throw bad("negative_counts", "is \(counts), which do not sum to \(total) rows")
        }
        return counts
    }

    /// Equal numbers for rows of equal tokens and equal pixels.
    private func identities(_ sides: [Rows]) throws -> [Int] {
        var known: [Data: Int] = [:]
        return sides.flatMap { side -> [Int] in
            var patch = 0
            return side.sequences.map { sequence in
                let count = sequence.grids.reduce(0) { $0 + $1.patchCount }
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

extension ReplayBatch {
    /// The rows of one side, without padding.
    private struct Rows {
        /// `[B * S]`
        var isKept: [Bool]
        /// Indices into `[B * S]` that are kept, in order.
        var kept: [Int]
        var sequences: [EncoderInput.Sequence]
        /// `[P, V]`
        var pixelValues: Tensor?
    }

    private func rows(_ side: String) throws -> Rows {
        let name = "\(side)input_ids"
        let ids = try tensor(name)
        guard ids.rank == 2 else { throw bad(name, "has shape \(ids.shape), expected [B, S]") }
        let (rowCount, columns) = ids.sizes2()
        let values: [Int64] = ids.array()
        let isKept = try integers("\(side)attention_mask", count: values.count).map { $0 != 0 }
        var grids = try grids(side)[...]
        var sequences: [EncoderInput.Sequence] = []
        for row in 0..<rowCount {
            let range = row * columns..<(row + 1) * columns
            let tokens = range.filter { isKept[$0] }.map { Int32(clamping: values[$0]) }
            let images = zip(tokens, tokens.dropFirst()).count {
                $0 == configuration.tokens.visionStart && $1 == configuration.tokens.image
            }
            sequences.append(.init(ids: tokens, grids: Array(grids.prefix(images))))
            grids = grids.dropFirst(images)
        }
        guard grids.isEmpty else {
            throw bad("\(side)image_grid_thw", "has \(grids.count) images that no row contains")
        }
        return Rows(
            isKept: isKept, kept: isKept.indices.filter { isKept[$0] }, sequences: sequences,
            pixelValues: try pixelValues("\(side)pixel_values", of: sequences))
    }

    /// The patches of a side, which are those of its images.
    private func pixelValues(
        _ name: String, of sequences: [EncoderInput.Sequence]
    ) throws -> Tensor? {
        let patches = sequences.reduce(0) { sum, sequence in
            sum + sequence.grids.reduce(0) { $0 + $1.patchCount }
        }
        guard file.entries[name] != nil else {
            if patches > 0 { throw ReplayError.missingTensor(file: file.url.path, name: name) }
            return nil
        }
        let values = try tensor(name)
        let shape = [patches, configuration.vision.patchValueCount]
        guard values.shape == shape else {
            throw bad(name, "has shape \(values.shape), expected \(shape)")
        }
        return patches == 0 ? nil : values.to(.float32)
    }

    private func grids(_ side: String) throws -> [ImageGrid] {
        let name = "\(side)image_grid_thw"
        guard file.entries[name] != nil else { return [] }
        let table = try tensor(name)
        guard table.rank == 2, table.shape[1] == 3 else {
            throw bad(name, "has shape \(table.shape), expected [images, 3]")
        }
        let values = table.array(Int64.self).map(Int.init)
        return stride(from: 0, to: values.count, by: 3).map {
            ImageGrid(t: values[$0], h: values[$0 + 1], w: values[$0 + 2])
        }
    }

    private func integers(_ name: String, count: Int) throws -> [Int64] {
        let values: [Int64] = try tensor(name).array()
        guard values.count == count else {
            throw bad(name, "has \(values.count) elements, expected \(count)")
        }
        return values
    }

    private func tensor(_ name: String) throws -> Tensor {
        guard file.entries[name] != nil else {
            throw ReplayError.missingTensor(file: file.url.path, name: name)
        }
        guard let tensor = try Tensor(name, in: file) else {
            throw bad(name, "has a type that no operator takes")
        }
        return tensor
    }

    private func bad(_ name: String, _ reason: String) -> ReplayError {
        .badTensor(file: file.url.path, name: name, reason: reason)
    }
}
