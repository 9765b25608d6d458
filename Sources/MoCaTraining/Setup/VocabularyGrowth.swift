// Adding a row for the mask token to a checkpoint whose embedding has none left.

import Foundation
import MoCaModel
import MoCaSystem
import Safetensors
import Torch

/// Rewrites a checkpoint with more rows in the embedding, and in the output matrix if there is one.
/// New rows are the mean of the old ones, so that they initially resemble an average token.
struct VocabularyGrowth {
    let folder: URL
    /// The stored names by canonical name.
    let names: [String: String]
    let configuration: any BackboneConfiguration

    /// Writes config.json and weights into a new folder.
    ///
    /// - Throws: `SafetensorsError`, `TrainingError`.
    func write(rows: Int, to target: URL) throws {
        let checkpoint = try SafetensorsCheckpoint(opening: folder)
        var grown = configuration
        grown.vocabularySize = rows
        try RunFile.writeFolder(target) { partial in
            let stored = try names.sorted { $0.key < $1.key }.map { key, name in
                (key: key, name: name, entry: try checkpoint.entry(name))
            }
            let declarations = stored.map { item in
                let isTable = Self.tables.contains(item.key)
                let shape = isTable ? [rows] + item.entry.shape.dropFirst() : item.entry.shape
                return SafetensorsDeclaration(
                    configuration.writtenKey(item.key), item.entry.dtype, shape)
            }
            let writer = try ShardedSafetensorsWriter(partial, tensors: declarations)
            for item in stored {
                let file = try checkpoint.file(of: item.name)
                let written = configuration.writtenKey(item.key)
                try file.withBytes(of: item.name) {
                    try writer.append(UnsafeRawBufferPointer($0), to: written)
                }
                guard Self.tables.contains(item.key), let table = try Tensor(item.name, in: file)
                else {
                    continue
                }
                let count = rows - configuration.vocabularySize
                let mean = table.to(.float32).mean([0], keepingAxes: true)
                let added = mean.expanded([count, mean.sizes2().1]).to(table.dtype)
                try added.withBytes { try writer.append($0, to: written) }
            }
            try writer.finish()
            let url = partial.appending(path: "config.json")
            try RunFile.naming(url) { try AtomicFile.write(grown.fileData(), to: url) }
        }
    }

    private static let tables: Set<String> = [CheckpointKeys.embedding, CheckpointKeys.head]
}
