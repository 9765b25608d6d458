// Weights that PyTorch has pickled, which are named instead of the safetensors that are missing.

import Foundation

/// Finds pickles of weights, which are never read.
enum PickledWeights {
    private static let endings = [".bin", ".pt", ".pth", ".ckpt", ".pkl"]
    /// Pickles that a training leaves beside its weights.
    private static let others: Set<String> = [
        "training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt",
        "rng_state.pth",
    ]

    /// The error for a folder without a checkpoint.
    static func errorForMissing(in folder: URL) -> SafetensorsError {
        first(in: folder) { _ in true } ?? .noCheckpoint(folder: folder.path)
    }

    /// The error for a file that does not exist.
    static func errorForMissing(_ file: URL) -> SafetensorsError {
        let name = file.deletingPathExtension().lastPathComponent
        return first(in: file.deletingLastPathComponent()) { $0.hasPrefix("\(name).") }
            ?? .missing(file: file.path)
    }

    private static func first(
        in folder: URL, where isWanted: (String) -> Bool
    ) -> SafetensorsError? {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            // The folder does not exist, or the reader of the weights will say what is wrong.
            return nil
        }
        let pickles = names.filter { name in
            endings.contains { name.hasSuffix($0) } && !others.contains(name) && isWanted(name)
        }
        return pickles.min().map { .onlyPickle(folder: folder.path, file: $0) }
    }
}
