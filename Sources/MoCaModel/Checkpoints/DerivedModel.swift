// Models derived from others without training: an adapter merged into its base, the average of
// several. One tensor is in memory at a time.

package import Foundation
import MoCaSettings
import MoCaSystem
import NN
import Safetensors
import Torch

/// Writes the weights, `config.json`, tokenizer and image processor of models derived from others.
/// The names and types of weights are those of the first model, as is `config.json`: it selects the
/// embedder.
package enum DerivedModel {
    /// Writes the base merged with the adapter of a folder, each tensor in the base's stored type.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`, `ParameterError`.
    package static func merge(base: URL, adapter: URL, to folder: URL) throws {
        let source = try Source(base)
        let files = try AdapterFiles(reading: adapter)
        let adapters = AdapterStore(
            try files.resolvedSettings(), stored: try files.tensors(),
            file: files.weightsURL.path, seed: 0)
        // An adapter of another model must not leave an incomplete model behind.
        for key in source.keys { adapters.check(key, shape: try source.entry(key).shape) }
        try adapters.finish()
        try source.write(to: folder) { key, tensor in adapters.merge(key, into: tensor) }
    }

    /// Writes the average of several models, computed in float32 and stored in the types of the
    /// first.
    ///
    /// - Parameter weights: a positive weight per model; divided by their sum.
    /// - Throws: `ModelError.modelsDiffer`, `SafetensorsError`.
    package static func average(_ models: [URL], weights: [Double], to folder: URL) throws {
        let sources = try models.map { try Source($0) }
        guard let first = sources.first else { return }
        for other in sources.dropFirst() { try first.requireLike(other) }
        let sum = weights.reduce(0, +)
        try first.write(to: folder) { key, _ in
            var total: Tensor?
            for (source, weight) in zip(sources, weights) {
                let part = try source.tensor(key).to(.float32) * (weight / sum)
                total = total.map { $0 + part } ?? part
                try source.release(key)
            }
            return total ?? .zeros([])
        }
    }
}

/// A model's folder, read tensor by tensor.
private struct Source {
    let folder: URL
    let checkpoint: SafetensorsCheckpoint
    /// The stored name of each canonical name.
    let names: [String: String]

    init(_ folder: URL) throws {
        self.folder = folder
        checkpoint = try SafetensorsCheckpoint(opening: folder)
        names = try CheckpointKeys.table(of: checkpoint.names)
    }

    var keys: [String] {
        names.keys.filter { !CheckpointKeys.isComputedBuffer($0) }.sorted()
    }

    private func name(_ key: String) throws -> String {
        guard let name = names[key] else {
            throw SafetensorsError.unknownTensor(file: checkpoint.url.path, tensor: key)
        }
        return name
    }

    func entry(_ key: String) throws -> SafetensorsEntry {
        try checkpoint.entry(name(key))
    }

    func tensor(_ key: String) throws -> Tensor {
        let name = try name(key)
        guard let tensor = try Tensor(name, in: checkpoint.file(of: name)) else {
            throw ModelError.unreadable(
                file: checkpoint.url.path, reason: "\(name) is of a type without operators")
        }
        return tensor
    }

    func release(_ key: String) throws {
        let name = try name(key)
        try checkpoint.file(of: name).release(name)
    }

    /// Checks that another model has tensors of the same names and shapes.
    ///
    /// - Throws: `ModelError.modelsDiffer`.
    func requireLike(_ other: Source) throws {
        func differ(_ reason: String) -> ModelError {
            .modelsDiffer(first: folder.path, second: other.folder.path, reason: reason)
        }
        let (mine, theirs) = (Set(keys), Set(other.keys))
        if let only = mine.symmetricDifference(theirs).sorted().first {
            throw differ("only one has \(only)")
        }
        for key in keys {
            let shapes = (try entry(key).shape, try other.entry(key).shape)
            if shapes.0 != shapes.1 { throw differ("\(key) is \(shapes.0) and \(shapes.1)") }
        }
    }

    /// Writes all tensors, transformed by `change`, `config.json`, and the files of the tokenizer
    /// and image processor.
    func write(to target: URL, _ change: (String, Tensor) throws -> Tensor) throws {
        let declarations = try keys.map { key in
            let entry = try entry(key)
            return SafetensorsDeclaration(try self.name(key), entry.dtype, entry.shape)
        }
        let writer = try ShardedSafetensorsWriter(target, tensors: declarations)
        for key in keys {
            let stored = try tensor(key)
            let name = try self.name(key)
            try change(key, stored).to(stored.dtype).withBytes { try writer.append($0, to: name) }
            try release(key)
        }
        try writer.finish()
        try writeConfiguration(to: target)
        try SidecarFiles.copy(SidecarFiles.all, from: folder, to: target)
    }

    /// Writes `config.json` as it is, but without `auto_map`: the code that it names is not copied.
    ///
    /// - Throws: `ModelError.unreadable`, `.cannotWrite`.
    private func writeConfiguration(to target: URL) throws {
        let source = folder.appending(path: PretrainedModel.configurationName)
        var object: JSONObject
        do {
            object = try JSON(parsing: Data(contentsOf: source)).object ?? JSONObject()
        } catch {
            throw ModelError.unreadable(file: source.path, reason: error.localizedDescription)
        }
        object["auto_map"] = nil
        let url = target.appending(path: PretrainedModel.configurationName)
        do {
            try AtomicFile.write(JSONFormat.document.data(JSON.object(object)), to: url)
        } catch {
            throw ModelError.cannotWrite(file: url.path, reason: error.fileReason)
        }
    }
}
