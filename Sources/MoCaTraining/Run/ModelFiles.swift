// The files of a model's folder beside config.json and weights.

import Foundation
import MoCaCore
import MoCaImage
import MoCaModel
import MoCaTokenizer

/// Tokenizer, image processor's settings and contract, as a run leaves them.
struct ModelFiles: Sendable {
    /// Where the files that do not change come from.
    let source: URL
    let tokenizer: Tokenizer
    let contract: EmbeddingContract
    let images: ImageProcessorConfiguration

    private static let processorName = "preprocessor_config.json"
    /// Files that tokenizers and chat programs read too; ids in them do not change.
    private static let copiedNames = [
        "vocab.json", "merges.txt", "chat_template.json", "chat_template.jinja",
        "generation_config.json", "LICENSE", "NOTICE",
    ]

    /// Writes them into an existing folder.
    ///
    /// - Throws: `TokenizerError`, `TrainingError`.
    func write(to folder: URL) throws {
        try tokenizer.write(to: folder)
        do {
            try processorData().write(to: folder.appending(path: Self.processorName))
            try contract.fileData().write(to: folder.appending(path: EmbeddingContract.fileName))
            for name in Self.copiedNames {
                let file = source.appending(path: name)
                guard FileManager.default.fileExists(atPath: file.path) else { continue }
                try Data(contentsOf: file).write(to: folder.appending(path: name))
            }
        } catch let error as any UserFacingError {
            throw error
        } catch {
            throw TrainingError.cannotWrite(
                path: folder.path, reason: error.localizedDescription)
        }
    }

    /// The source's settings with the run's pixel limits.
    private func processorData() throws -> Data {
        var settings = try processorSettings()
        settings["min_pixels"] = images.budget.minPixels
        settings["max_pixels"] = images.budget.maxPixels
        // Newer files hold the limits here, and transformers reads these first.
        if settings["size"] != nil {
            settings["size"] = [
                "shortest_edge": images.budget.minPixels, "longest_edge": images.budget.maxPixels,
            ]
        }
        return try JSONSerialization.data(
            withJSONObject: settings,
            options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    private func processorSettings() throws -> [String: Any] {
        for name in [Self.processorName, "processor_config.json"] {
            let file = source.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let tree = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
            guard let object = tree as? [String: Any] else { continue }
            if name == Self.processorName { return object }
            if let nested = object["image_processor"] as? [String: Any] { return nested }
        }
        throw TrainingError.missingFile(path: source.appending(path: Self.processorName).path)
    }
}
