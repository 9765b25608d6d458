// checkpoint-STEP/ of a run folder: a model's folder, the optimiser's moments, the state, and a
// manifest of them all.

package import Foundation
import MoCaModel
import MoCaSystem
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
    /// Where a damaged one goes, so that it is out of the way and nothing is lost.
    private static let damagedPrefix = "damaged-"
    /// Where one goes that is of another course of the run.
    private static let otherPrefix = "other-"

    /// The checkpoint in `folder`, every byte of which is what was written.
    ///
    /// - Throws: `TrainingError.badCheckpoint`.
    package init(opening folder: URL) throws {
        let manifest = try CheckpointManifest(reading: folder)
        try manifest.checkContents(of: folder)
        self.init(folder: folder, step: manifest.step)
    }

    init(folder: URL, step: Int) {
        (self.folder, self.step) = (folder, step)
    }

    // MARK: Finding

    /// The complete checkpoints of a run folder, oldest first: those whose files are there and have
    /// the sizes that their manifests say.
    ///
    /// - Throws: `TrainingError.unreadableFile`.
    package static func all(in runFolder: URL) throws -> [Checkpoint] {
        try folders(in: runFolder).filter { checkpoint in
            do {
                try CheckpointManifest(reading: checkpoint.folder)
                    .checkSizes(of: checkpoint.folder)
                return true
            } catch {
                return false
            }
        }
    }

    /// The newest checkpoint of a run folder whose contents are what was written. Newer ones are
    /// put aside under another name.
    ///
    /// - Parameter warn: told about each checkpoint that cannot be used, and why.
    /// - Throws: `TrainingError.badCheckpoint` when there are checkpoints and none can be used,
    ///   `.cannotWrite`, `.unreadableFile`.
    static func newest(in runFolder: URL, warn: (String) -> Void) throws -> Checkpoint? {
        let all = try folders(in: runFolder)
        var damaged: [(checkpoint: Checkpoint, error: TrainingError)] = []
        for candidate in all.reversed() {
            do {
                let found = try Checkpoint(opening: candidate.folder)
                for (checkpoint, error) in damaged {
                    warn("warning: \(error.errorDescription ?? ""); an older one is used")
                    try checkpoint.putAside()
                }
                return found
            } catch let error as TrainingError {
                guard case .badCheckpoint = error else { throw error }
                damaged.append((candidate, error))
            }
        }
        if let error = damaged.first?.error { throw error }
        return nil
    }

    /// All folders of checkpoints, oldest first, whatever state they are in.
    static func folders(in runFolder: URL) throws -> [Checkpoint] {
        guard FileManager.default.fileExists(atPath: runFolder.path) else { return [] }
        return try names(in: runFolder).compactMap { name -> Checkpoint? in
            guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)) else {
                return nil
            }
            return Checkpoint(folder: runFolder.appending(path: name), step: step)
        }
        .sorted { $0.step < $1.step }
    }

    private static func names(in folder: URL) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw TrainingError.unreadableFile(
                path: folder.path, reason: error.localizedDescription)
        }
    }

    /// Bytes of its files; 0 where it is gone by now, for a run in the folder may remove it.
    ///
    /// - Throws: `TrainingError.unreadableFile`.
    func byteCount() throws -> Int {
        do {
            return try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.fileSizeKey]
            ).reduce(0) { $0 + (try $1.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) }
        } catch {
            guard FileManager.default.fileExists(atPath: folder.path) else { return 0 }
            throw TrainingError.unreadableFile(
                path: folder.path, reason: error.localizedDescription)
        }
    }

    /// Where the checkpoint of `step` is, or would be.
    static func folder(of step: Int, in runFolder: URL) -> URL {
        runFolder.appending(path: "\(prefix)\(step)")
    }

    // MARK: Removing

    /// Removes the folder, which is renamed first: no checkpoint is ever half removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func remove() throws {
        try RunFile.naming(folder) { try AtomicFolder.remove(folder) }
    }

    /// Puts aside the checkpoints of a run folder that a run from `start` has not come to: they
    /// would be taken for the newest ones of its own.
    ///
    /// - Parameter say: told about each.
    /// - Throws: `TrainingError.cannotWrite`, `.unreadableFile`.
    static func putAside(
        after start: Checkpoint, in runFolder: URL, say: (String) -> Void
    ) throws {
        let own = start.folder.resolvingSymlinksInPath().path
        for old in try folders(in: runFolder)
        where old.step >= start.step && old.folder.resolvingSymlinksInPath().path != own {
            let name = try old.putAside(otherPrefix)
            say(
                "\(old.folder.lastPathComponent) is put aside as \(name): the run goes on from step "
                    + "\(start.step)")
        }
    }

    /// Renames it, so that no run looks at it again; returns its new name.
    @discardableResult
    private func putAside(_ prefix: String = damagedPrefix) throws -> String {
        let name = prefix + folder.lastPathComponent
        let other = folder.deletingLastPathComponent().appending(path: name)
        try RunFile.naming(folder) {
            try FileSystem.remove(other)
            try FileSystem.move(folder, to: other)
        }
        return name
    }

    /// Removes what a killed process left half written.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `.unreadableFile`.
    static func removePartialOnes(in runFolder: URL) throws {
        guard FileManager.default.fileExists(atPath: runFolder.path) else { return }
        for name in try names(in: runFolder).compactMap(AtomicFolder.folderName(ofLeftover:))
        where isWritten(name) {
            let url = runFolder.appending(path: name)
            try RunFile.naming(url) { try AtomicFolder.removeLeftovers(of: url) }
        }
        // A grown model serves one start only, and may have been given its name back above.
        let scratch = runFolder.appending(path: StartingModel.scratchName)
        try RunFile.naming(scratch) { try FileSystem.remove(scratch) }
    }

    /// Whether a run writes a folder of this name.
    private static func isWritten(_ name: String) -> Bool {
        let written = [
            TrainingRun.modelName, FinalModel.rawName, FinalModel.adapterName,
            StartingModel.scratchName,
        ]
        return written.contains(name) || name.hasPrefix(prefix)
            || name.hasPrefix(FailedStep.folderPrefix)
    }

    // MARK: Reading

    /// - Throws: `TrainingError.badCheckpoint`.
    func readState() throws -> TrainingState {
        let url = folder.appending(path: Self.stateName)
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
