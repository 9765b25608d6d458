// The files of a model folder other than config.json and the weights.

import Foundation
import MoCaCore
import MoCaImage
import MoCaModel
import MoCaSettings
import MoCaSystem
import MoCaTokenizer

/// The tokenizer, image-processor settings and contract that a run writes. All are held in memory,
/// because the checkpoint that a run continues from is removed during the run.
struct ModelFiles: Sendable {
    let tokenizer: Tokenizer
    let contract: EmbeddingContract
    let images: ImageProcessorConfiguration
    /// The contents of the other files by name.
    private let others: [String: Data]

    private static let processorName = "preprocessor_config.json"

    /// Reads the files that stay unchanged from `source`.
    ///
    /// - Throws: `TrainingError.missingFile`, `.unreadableFile`.
    init(
        source: URL, tokenizer: Tokenizer, contract: EmbeddingContract,
        images: ImageProcessorConfiguration
    ) throws {
        (self.tokenizer, self.contract, self.images) = (tokenizer, contract, images)
        var others: [String: Data] = [:]
        for name in SidecarFiles.unchanging { others[name] = try Self.read(name, of: source) }
        if images.fitting != .tokens {
            // Beside the image processor's file, it states how images become tokens.
            let name = "processor_config.json"
            others[name] = try Self.read(name, of: source)
        }
        others[Self.processorName] = try Self.processorData(of: source, images)
        self.others = others
    }

    /// Writes all files into an existing folder.
    ///
    /// - Throws: `TokenizerError`, `TrainingError.cannotWrite`.
    func write(to folder: URL) throws {
        try tokenizer.write(to: folder)
        do {
            let url = folder.appending(path: EmbeddingContract.fileName)
            try AtomicFile.write(contract.fileData(), to: url)
            for (name, data) in others {
                try AtomicFile.write(data, to: folder.appending(path: name))
            }
        } catch {
            throw TrainingError.cannotWrite(folder, error)
        }
    }

    /// Returns the contents of a file; nil if it does not exist.
    private static func read(_ name: String, of folder: URL) throws -> Data? {
        let file = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            return try Data(contentsOf: file)
        } catch {
            throw TrainingError.unreadableFile(
                path: file.path, reason: error.localizedDescription)
        }
    }

    /// Returns the source's settings with the run's pixel limits, if they apply.
    private static func processorData(
        of source: URL, _ images: ImageProcessorConfiguration
    ) throws -> Data {
        var settings = try processorSettings(of: source)
        guard images.fitting == .tokens else {
            return try JSONFormat.indented.data(JSON.object(settings))
        }
        let budget = images.budget
        settings["min_pixels"] = .integer(budget.minPixels)
        settings["max_pixels"] = .integer(budget.maxPixels)
        // Newer files hold the limits here, and transformers reads these first.
        if settings["size"] != nil {
            settings["size"] = .object([
                "shortest_edge": .integer(budget.minPixels),
                "longest_edge": .integer(budget.maxPixels),
            ])
        }
        return try JSONFormat.indented.data(JSON.object(settings))
    }

    private static func processorSettings(of source: URL) throws -> JSONObject {
        for name in [processorName, "processor_config.json"] {
            guard let data = try read(name, of: source) else { continue }
            let settings: JSON
            do {
                settings = try JSON(parsing: data)
            } catch {
                throw TrainingError.unreadableFile(
                    path: source.appending(path: name).path, reason: "it is not JSON: \(error)")
            }
            let found = name == processorName ? settings : settings["image_processor"]
            if let object = found?.object { return object }
        }
        throw TrainingError.missingFile(path: source.appending(path: processorName).path)
    }
}
