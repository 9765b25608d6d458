// The parts of a checkpoint. Each defines how its values are copied while training waits, and
// how the copy is written while training continues.

import Foundation
import MoCaModel
import NN
import Safetensors
import Torch

/// One part of a checkpoint, such as the model or the optimiser.
struct CheckpointPart {
    /// Writes a snapshot into a folder; called on another thread.
    typealias Writing = (URL) throws -> Void

    /// Takes a snapshot of the values. The argument says whether it must be a copy, because
    /// training continues before it is written.
    let take: (Bool) throws -> Writing

    /// Returns the part for a model folder: configuration, weights with heads, tokenizer, contract.
    ///
    /// - Parameter base: The model that adapters were trained on.
    static func model(
        _ model: PretrainedModel, _ files: ModelFiles, base: URL
    ) -> CheckpointPart {
        CheckpointPart { copies in
            let weights = model.snapshot(base: base, copies: copies)
            return { folder in
                try files.write(to: folder)
                try weights.write(to: folder)
            }
        }
    }

    /// Returns the part for the states of an optimiser.
    ///
    /// - Parameter fileName: The name of the file, which is a shard's in a run with sharded states.
    static func optimizer(_ optimizer: RankedAdamW, _ fileName: String) -> CheckpointPart {
        states(fileName) { optimizer.state }
    }

    /// Returns the part for a file of tensors.
    static func states(
        _ fileName: String, _ current: @escaping () -> OptimizerStateFile
    ) -> CheckpointPart {
        CheckpointPart { copies in
            var state = current()
            if copies { state.tensors = state.tensors.map { ($0.name, $0.tensor.processorCopy) } }
            return { folder in try state.write(to: folder.appending(path: fileName)) }
        }
    }
}

extension OptimizerStateFile {
    /// The name of the metadata entry that holds the shard's first elements as JSON.
    private static let firstElementsName = "first_elements"

    /// Reads a file of a checkpoint; its tensors are mapped.
    ///
    /// - Throws: `SafetensorsError`, `TrainingError.badCheckpoint`.
    init(reading url: URL) throws {
        let file = try SafetensorsFile(mapping: url)
        self.init(
            tensors: try file.names.map { name in
                guard let tensor = try Tensor(name, in: file) else {
                    throw TrainingError.badCheckpoint(
                        path: url.path, reason: "\(name) is of a type that no tensor has")
                }
                return (name, tensor)
            })
        guard let text = file.metadata[Self.firstElementsName] else { return }
        do {
            firstElements = try JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
        } catch {
            throw TrainingError.badCheckpoint(
                path: url.path, reason: "its metadata do not say which elements it has")
        }
    }

    /// Writes the file.
    ///
    /// - Throws: `SafetensorsError`.
    fileprivate func write(to url: URL) throws {
        let declarations = tensors.map {
            SafetensorsDeclaration($0.name, $0.tensor.dtype.stored, $0.tensor.shape)
        }
        let order = declarations.indices.sorted {
            SafetensorsDeclaration.canonicalOrder(declarations[$0], declarations[$1])
        }
        var metadata: [String: String] = [:]
        if let firstElements {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            metadata[Self.firstElementsName] = String(
                decoding: try encoder.encode(firstElements), as: UTF8.self)
        }
        let writer = try SafetensorsWriter(
            url, tensors: order.map { declarations[$0] }, metadata: metadata)
        for index in order {
            try tensors[index].tensor.withBytes { try writer.append($0, to: tensors[index].name) }
        }
        try writer.finish()
    }
}
