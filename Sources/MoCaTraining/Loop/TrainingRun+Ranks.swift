// A run of several processes: what all of them do, and what the first one does for all.

import Foundation
import MoCaCore
package import MoCaRanks
import MoCaSystem
import Torch

extension TrainingRun {
    /// The communication between the processes of the run.
    var collectives: any Collectives { team?.group ?? SingleProcess() }

    /// Whether this process writes the files and messages of the run.
    var isFirst: Bool { team?.isFirst ?? true }

    /// Joins the other processes of a run of `recipe`. On CUDA, each process of a host has the device
    /// of its index there.
    ///
    /// - Throws: `RankError`, `TrainingError.deviceUnavailable`.
    package static func join(
        _ environment: RankEnvironment, for recipe: Recipe, isChecked: Bool = false
    ) throws -> RankTeam {
        var options = RankGroup.Options()
        options.timeout = .seconds(recipe.runtime.rankTimeout)
        options.isChecked = isChecked
        options.device = try recipe.runtime.resolvedDevice()
        if options.device.kind == .cuda {
            options.device = Device(
                .cuda,
                index: try environment.deviceIndex(ProcessInfo.processInfo.environment))
        }
        var identity = try identity(of: recipe)
        identity["the kind of device"] = options.device.kind.rawValue
        return try RankTeam.join(environment, identity: identity, options: options)
    }

    /// What must be equal on all processes of a run of `recipe`.
    private static func identity(of recipe: Recipe) throws -> [String: String] {
        var copy = recipe
        copy.runtime.device = nil
        var digest = SHA256()
        digest.add(Data(try copy.yaml().utf8))
        return [
            "the version of the program": ProgramVersion.current,
            "the recipe": digest.hexadecimal,
        ]
    }

    /// The recipe with the share of the host's processors that prepares this process's data.
    var recipeForData: Recipe {
        guard let team, recipe.runtime.dataWorkers == nil else { return recipe }
        var copy = recipe
        copy.runtime.dataWorkers = max(1, processorCount / team.localWorldSize)
        return copy
    }

    /// Waits until all processes have saved: some launchers end all when the first one ends.
    func finishTogether(_ saver: CheckpointSaver) throws {
        guard let team else { return try saver.finish() }
        if !isFirst { try saver.finish() }
        _ = try team.fromFirst("saved") {
            try saver.finish()
            return ""
        }
        team.leave()
    }

    private static let tokenName = ".ranks"

    /// Checks that all processes see the same run folder.
    ///
    /// - Throws: `RankError.mismatch`, `TrainingError.cannotWrite`.
    func checkFolderIsShared() throws {
        guard let team else { return }
        let url = recipe.outputFolder.appending(path: Self.tokenName)
        let text = try team.fromFirst("run-folder") {
            let text = UUID().uuidString
            try RunFile.write(Data(text.utf8), to: url)
            return text
        }
        let found = FileManager.default.contents(atPath: url.path).map {
            String(decoding: $0, as: UTF8.self)
        }
        let missing = try catchingTorchErrors { team.group.gather([found == text ? 0 : 1]) }
        if isFirst { try RunFile.naming(url) { try FileSystem.remove(url) } }
        guard let rank = missing.firstIndex(of: 1) else { return }
        throw RankError.mismatch(
            reason: "the run folder is not shared: rank \(rank) on \(team.members[rank].host) does "
                + "not see \(url.path)",
            remedy: "set output_dir to a folder that all hosts mount under the same path")
    }

    /// Returns the checkpoint to resume, which the first process chooses.
    func sharedStartingCheckpoint() throws -> Checkpoint? {
        guard let team else { return try startingCheckpoint() }
        var own: Checkpoint?
        let text = try team.fromFirst("checkpoint") {
            own = try startingCheckpoint()
            return own.map { "\($0.step) \($0.folder.path)" } ?? ""
        }
        let parts = text.split(separator: " ", maxSplits: 1)
        guard own == nil, parts.count == 2, let step = Int(parts[0]) else { return own }
        return Checkpoint(
            folder: URL(filePath: String(parts[1]), directoryHint: .isDirectory), step: step)
    }

    /// Runs `body` on the first process, which may take any time, and returns its values on all.
    ///
    /// - Throws: The error of `body`; `RankError.peerFailed` on the others.
    func fromFirst(
        _ key: String, _ body: () throws -> [String: Double]?
    ) throws -> [String: Double]? {
        guard let team else { return try body() }
        var own: [String: Double]?
        let text = try team.fromFirst(key) {
            own = try body()
            let encoder = JSONEncoder()
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            return String(decoding: try encoder.encode(own), as: UTF8.self)
        }
        if isFirst { return own }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode([String: Double]?.self, from: Data(text.utf8))
    }
}
