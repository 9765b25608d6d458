// Batches saved as safetensors for `moca replay`: padded rows, as in other implementations.
// Shapes: B rows, S columns, P patches, V values per patch.

package import Foundation
import MoCaCore
package import MoCaModel
package import MoCaObjectives
import Safetensors
import Torch

/// Reads the padded rows of one file into packed batches.
package struct ReplayBatch {
    let file: SafetensorsFile
    let configuration: any BackboneConfiguration

    /// Opens a file of batches.
    ///
    /// - Throws: `SafetensorsError`.
    package init(reading url: URL, for configuration: any BackboneConfiguration) throws {
        file = try SafetensorsFile(mapping: url)
        self.configuration = configuration
    }

    /// The file's metadata, such as the objective that it was saved with.
    package var metadata: [String: String] { file.metadata }

    /// Returns the metadata of a file without needing a model.
    ///
    /// - Throws: `SafetensorsError`.
    package static func metadata(of url: URL) throws -> [String: String] {
        try SafetensorsFile(mapping: url).metadata
    }

    /// Returns the stage of a file's batch: the one in its metadata, else the one that alone has
    /// such tensors; nil if neither is known.
    ///
    /// - Throws: `SafetensorsError`.
    static func stage(of url: URL) throws -> Recipe.Stage? {
        let file = try SafetensorsFile(mapping: url)
        let name = file.metadata[Recipe.Stage.objectiveKey]
        if let stage = name.flatMap(Recipe.Stage.init(objectiveName:)) { return stage }
        if file.entries[TensorName.labels.text] != nil { return .pretrain }
        return file.entries[Side.query.name(.inputIDs).text] != nil ? .finetune : nil
    }

    /// Reads the batch of `--objective pretrain`: `input_ids`, `attention_mask`, `pixel_values`
    /// (already masked), `image_grid_thw`, `labels`, `mae_pred_mask`, `pixel_labels`.
    ///
    /// - Throws: `ReplayError`, `ModelError`.
    package func reconstruction() throws -> ReconstructionBatch {
        let (rows, rules) = (try rows(.none), configuration.inputRules)
        let labels = try integers(.labels, count: rows.isKept.count)
        let mask = try integers(.maskedPatches, count: rows.isKept.count)
        var (tokens, targets, images) = ([Int](), [Int32](), [Int]())
        for (place, index) in rows.kept.enumerated() {
            if labels[index] != -100 {
                tokens.append(place)
                targets.append(Int32(clamping: labels[index]))
            }
            if mask[index] != 0 { images.append(place) }
        }
        if let wild = targets.first(where: { $0 < 0 || $0 >= rules.vocabularySize }) {
            throw bad(.labels, "has \(wild), which is neither an id nor -100")
        }
        let input = try EncoderInput(
            rows.sequences, pixelValues: rows.pixelValues, for: configuration)
        guard images.allSatisfy({ input.ids[$0] == rules.imageToken }) else {
            throw bad(.maskedPatches, "is true where no image token stands")
        }
        let patches = images.count * rules.patch.mergeUnit
        let shape = [patches, rules.patch.valueCount]
        let originals = patches == 0 ? nil : try tensor(.patchTargets)
        if let originals, originals.shape != shape {
            throw bad(.patchTargets, "has shape \(originals.shape), expected \(shape)")
        }
        return ReconstructionBatch(
            input: input, maskedTokens: tokens, tokenTargets: targets,
            maskedImageTokens: images,
            targetPatches: originals.map { PatchPixels(values: $0.to(.float32)) })
    }
}

extension ReplayBatch {
    /// The rows of one side, without padding.
    struct Rows {
        /// The attention mask, `[B * S]`.
        var isKept: [Bool]
        /// The indices into `[B * S]` that are kept, in order.
        var kept: [Int]
        var sequences: [EncoderInput.Sequence]
        /// The patches of all images, `[P, V]`.
        var pixelValues: Tensor?
    }

    func rows(_ side: Side) throws -> Rows {
        let name = side.name(.inputIDs)
        let ids = try tensor(name)
        guard ids.rank == 2 else { throw bad(name, "has shape \(ids.shape), expected [B, S]") }
        let (rowCount, columns) = ids.sizes2()
        let values: [Int64] = ids.array()
        let isKept = try integers(side.name(.attentionMask), count: values.count).map { $0 != 0 }
        let tokens = (0..<rowCount).map { row in
            (row * columns..<(row + 1) * columns).filter { isKept[$0] }
                .map { Int32(clamping: values[$0]) }
        }
        let sequences = zip(tokens, try plans(side, of: tokens)).map {
            EncoderInput.Sequence(ids: $0, plans: $1)
        }
        return Rows(
            isKept: isKept, kept: isKept.indices.filter { isKept[$0] }, sequences: sequences,
            pixelValues: try pixelValues(side.name(.pixelValues), of: sequences))
    }

    /// Returns the patches of a side's images, `[P, V]`; nil if it has no images.
    private func pixelValues(
        _ name: TensorName, of sequences: [EncoderInput.Sequence]
    ) throws -> Tensor? {
        let patches = sequences.reduce(0) { sum, sequence in
            sum + sequence.patchCount
        }
        guard has(name) else {
            if patches > 0 { throw missing(name) }
            return nil
        }
        let values = try tensor(name)
        let shape = [patches, configuration.inputRules.patch.valueCount]
        guard values.shape == shape else {
            throw bad(name, "has shape \(values.shape), expected \(shape)")
        }
        return patches == 0 ? nil : values.to(.float32)
    }

    func has(_ name: TensorName) -> Bool { file.entries[name.text] != nil }

    func integers(_ name: TensorName, count: Int) throws -> [Int64] {
        let values: [Int64] = try tensor(name).array()
        guard values.count == count else {
            throw bad(name, "has \(values.count) elements, expected \(count)")
        }
        return values
    }

    func tensor(_ name: TensorName) throws -> Tensor {
        guard has(name) else { throw missing(name) }
        guard let tensor = try Tensor(name.text, in: file) else {
            throw bad(name, "has a type that no operator takes")
        }
        return tensor
    }

    private func missing(_ name: TensorName) -> ReplayError {
        .missingTensor(file: file.url.path, name: name.text)
    }

    func bad(_ name: TensorName, _ reason: String) -> ReplayError {
        .badTensor(file: file.url.path, name: name.text, reason: reason)
    }
}
