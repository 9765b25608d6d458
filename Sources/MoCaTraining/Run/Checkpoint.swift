// checkpoint-STEP/ of a run folder: a model's folder, the optimiser's moments, and the state.

package import Foundation
import MoCaModel
import NN
import Safetensors
import Torch

/// A complete checkpoint.
package struct Checkpoint: Sendable, Hashable {
    package let folder: URL
    package let step: Int

    static let optimizerName = "optimizer.safetensors"
    static let stateName = "trainer_state.json"
    private static let prefix = "checkpoint-"

    /// The complete checkpoints of a run folder, oldest first.
    package static func all(in runFolder: URL) throws -> [Checkpoint] {
        guard FileManager.default.fileExists(atPath: runFolder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: runFolder.path)
            .compactMap { name -> Checkpoint? in
                guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)) else {
                    return nil
                }
                let folder = runFolder.appending(path: name)
                let state = folder.appending(path: stateName)
                guard FileManager.default.fileExists(atPath: state.path) else { return nil }
                return Checkpoint(folder: folder, step: step)
            }
            .sorted { $0.step < $1.step }
    }

    /// The checkpoint in `folder`.
    ///
    /// - Throws: `TrainingError.badCheckpoint`.
    package init(opening folder: URL) throws {
        self.folder = folder
        step = try Self.readState(folder).step
    }

    private init(folder: URL, step: Int) {
        (self.folder, self.step) = (folder, step)
    }

    // MARK: Writing

    /// Writes `checkpoint-STEP`, then removes the oldest ones beyond `keep`.
    ///
    /// - Throws: `TrainingError`, `SafetensorsError`.
    static func write(
        _ state: TrainingState, _ model: PretrainedModel, _ optimizer: AdamW,
        _ files: ModelFiles, base: URL, into runFolder: URL, keep: Int
    ) throws -> Checkpoint {
        let folder = runFolder.appending(path: "\(prefix)\(state.step)")
        try CompleteFolder.write(folder) { partial in
            try files.write(to: partial)
            try model.saveState(to: partial, base: base)
            try write(optimizer, to: partial.appending(path: optimizerName))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(state).write(to: partial.appending(path: stateName))
        }
        let kept = try all(in: runFolder)
        for old in kept.dropLast(keep) where old.step != state.step {
            try FileManager.default.removeItem(at: old.folder)
        }
        return Checkpoint(folder: folder, step: state.step)
    }

    private static func write(_ optimizer: AdamW, to url: URL) throws {
        let tensors = optimizer.stateTensors
        let declarations = tensors.map {
            SafetensorsDeclaration($0.name, $0.tensor.dtype.stored, $0.tensor.shape)
        }
        let order = declarations.indices.sorted {
            SafetensorsDeclaration.canonicalOrder(declarations[$0], declarations[$1])
        }
        let writer = try SafetensorsWriter(url, tensors: order.map { declarations[$0] })
        for index in order {
            try tensors[index].tensor.withBytes { try writer.append($0, to: tensors[index].name) }
        }
        try writer.finish()
    }

    // MARK: Reading

    /// - Throws: `TrainingError.badCheckpoint`.
    func readState() throws -> TrainingState { try Self.readState(folder) }

    private static func readState(_ folder: URL) throws -> TrainingState {
        let url = folder.appending(path: stateName)
        do {
            return try JSONDecoder().decode(TrainingState.self, from: Data(contentsOf: url))
        } catch {
            throw TrainingError.badCheckpoint(
                path: url.path, reason: "its state cannot be read (\(error.localizedDescription))")
        }
    }

    /// Gives an optimiser its moments back.
    ///
    /// - Throws: `SafetensorsError`, `ParameterError`.
    func restore(_ optimizer: AdamW) throws {
        let file = try SafetensorsFile(mapping: folder.appending(path: Self.optimizerName))
        var tensors: [String: Tensor] = [:]
        for name in file.names { tensors[name] = try Tensor(name, in: file) }
        try optimizer.restore(tensors, file: file.url.path)
    }
}
