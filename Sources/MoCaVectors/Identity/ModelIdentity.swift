// Which model, run how: vectors of two identities must not be compared.

package import Foundation
import MoCaData
package import MoCaEmbedding
import MoCaSystem
import Safetensors

/// A model's folder, and a fingerprint of everything that decides what its vectors mean.
///
/// The type of computation and the device are no part of it: they change rounding only.
package struct ModelIdentity: Sendable, Hashable, Codable {
    /// The model's folder.
    package let folder: String
    /// Of configuration, contract, tokenizer, image processor, weights and settings.
    package let fingerprint: String

    /// An identity that was saved.
    package init(folder: String, fingerprint: String) {
        (self.folder, self.fingerprint) = (folder, fingerprint)
    }

    /// Reads the whole folder: settings, and of each tensor its name, type, shape and bytes.
    ///
    /// - Throws: `SafetensorsError`, an error of the file system.
    package init(of folder: URL, _ options: EmbedderOptions) throws {
        var hasher = ContentHasher()
        for name in Self.fileNames {
            let file = folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            hasher.add(name)
            hasher.add(try Self.contents(of: file))
        }
        try Self.add(SafetensorsCheckpoint(opening: folder), to: &hasher)
        if let adapter = options.adapter {
            let weights = adapter.appending(path: "adapter_model.safetensors")
            try Self.add(SafetensorsCheckpoint(opening: weights), to: &hasher)
            hasher.add(try Data(contentsOf: adapter.appending(path: "adapter_config.json")))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        hasher.add(try encoder.encode(VectorSettings(options)))
        self.folder = folder.standardizedFileURL.path
        fingerprint = hasher.id.text
    }

    private static let contractName = "moca.json"
    private static let fileNames = [
        "config.json", contractName, "preprocessor_config.json", "processor_config.json",
        "tokenizer.json", "tokenizer_config.json",
    ]

    /// A contract without its probes: they say what the vectors are, and do not change them.
    private static func contents(of file: URL) throws -> Data {
        let data = try Data(contentsOf: file)
        guard file.lastPathComponent == contractName,
            var contract = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return data }
        contract["probes"] = nil
        return try JSONSerialization.data(withJSONObject: contract, options: .sortedKeys)
    }

    /// The same weights in other shards have the same identity.
    private static func add(_ weights: SafetensorsCheckpoint, to hasher: inout ContentHasher) throws
    {
        let names = weights.names.sorted()
        let workers = ProcessInfo.processInfo.activeProcessorCount
        let tensors = inParallel(names.count, workers: workers) { index in
            try Self.identity(of: names[index], in: weights)
        }
        for tensor in tensors { hasher.add(try tensor.get()) }
    }

    private static func identity(
        of name: String, in weights: SafetensorsCheckpoint
    ) throws -> ContentID {
        var hasher = ContentHasher()
        let entry = try weights.entry(name)
        hasher.add("\(name) \(entry.dtype.rawValue) \(entry.shape)")
        try weights.file(of: name).withBytes(of: name) { hasher.add(UnsafeRawBufferPointer($0)) }
        return hasher.id
    }
}
