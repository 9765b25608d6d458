// checkpoint-STEP/ of a run folder: a model folder, the optimiser's moments, the training state,
// and a manifest of all files.

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
    /// The name prefix of damaged checkpoints, which are moved aside so that nothing is lost.
    private static let damagedPrefix = "damaged-"
    /// The name prefix of checkpoints of an abandoned branch of the run.
    private static let otherPrefix = "other-"

    /// Opens the checkpoint in `folder` and verifies the checksum of every file.
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

    /// Returns the complete checkpoints of a run folder, oldest first: those whose files exist with
    /// the sizes given in their manifests.
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

    /// Returns the newest checkpoint of a run folder whose contents match its manifest. Damaged
    /// newer ones are renamed.
    ///
    /// - Parameter warn: Receives a warning for each unusable checkpoint, with the reason.
    /// - Throws: `TrainingError.badCheckpoint` if there are checkpoints and none can be used,
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

    /// Returns all checkpoint folders, oldest first, without checking their contents.
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

    /// Returns the size of its files in bytes; 0 if another run has removed the folder meanwhile.
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

    /// Returns the folder of the checkpoint of `step`, which need not exist.
    static func folder(of step: Int, in runFolder: URL) -> URL {
        runFolder.appending(path: "\(prefix)\(step)")
    }

    // MARK: Removing

    /// Removes the folder. It is renamed first, so that no checkpoint is ever partly removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func remove() throws {
        try RunFile.naming(folder) { try AtomicFolder.remove(folder) }
    }

    /// Renames the other checkpoints of a run folder from the step of `start` on. A run that
    /// continues from `start` would otherwise take them for its own newest ones.
    ///
    /// - Parameter say: Receives a message for each renamed checkpoint.
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

    /// Renames the folder so that no run uses it again; returns the new name.
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

    /// Removes partly written folders left by a killed process.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `.unreadableFile`.
    static func removePartialOnes(in runFolder: URL) throws {
        guard FileManager.default.fileExists(atPath: runFolder.path) else { return }
        for name in try names(in: runFolder).compactMap(AtomicFolder.folderName(ofLeftover:))
        where isWritten(name) {
            let url = runFolder.appending(path: name)
            try RunFile.naming(url) { try AtomicFolder.removeLeftovers(of: url) }
        }
        // A grown model serves one start only, and the code above may have restored its name.
        for name in try names(in: runFolder) where name.hasPrefix(TrainingSetup.scratchName) {
            let scratch = runFolder.appending(path: name)
            try RunFile.naming(scratch) { try FileSystem.remove(scratch) }
        }
    }

    /// Whether a run writes folders of this name.
    private static func isWritten(_ name: String) -> Bool {
        let written = [
            TrainingRun.modelName, FinalModel.rawName, FinalModel.adapterName,
        ]
        return written.contains(name) || name.hasPrefix(prefix)
            || name.hasPrefix(TrainingSetup.scratchName)
            || name.hasPrefix(FailureDump.folderPrefix)
    }

    // MARK: Reading

    /// Reads the training state.
    ///
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

    /// Restores the states of an optimiser, whatever the number of ranks that saved them.
    ///
    /// - Throws: `SafetensorsError`, `ParameterError`, `TrainingError`.
    func restore(_ optimizer: RankedAdamW) throws {
        let whole = folder.appending(path: Self.optimizerName)
        let isWhole = FileManager.default.fileExists(atPath: whole.path)
        let files =
            try isWhole
            ? [whole]
            : Self.names(in: folder).filter(Self.isShard).sorted()
                .map { folder.appending(path: $0) }
        try optimizer.restore(
            try files.map { try OptimizerStateFile(reading: $0) },
            path: isWhole ? whole.path : folder.path)
    }

    private static let shardPrefix = "optimizer-"

    /// Returns the name of the file with a rank's part of the optimiser's states.
    static func shardName(_ rank: Int, of worldSize: Int) -> String {
        String(format: "\(shardPrefix)%05d-of-%05d.safetensors", rank + 1, worldSize)
    }

    private static func isShard(_ name: String) -> Bool {
        name.hasPrefix(shardPrefix) && name.hasSuffix(".safetensors")
    }
}
