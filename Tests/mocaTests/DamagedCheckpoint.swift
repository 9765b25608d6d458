// Checkpoints that must not load, made from a good one by changing bytes of the same length.

import Foundation

/// A copy of a tiny model whose files a test spoils.
struct DamagedCheckpoint {
    let folder: URL

    init(in parent: URL, of model: URL = checkpoint) throws {
        folder = parent.appending(path: "model")
        try FileManager.default.copyItem(at: model, to: folder)
    }

    private var shards: [URL] {
        get throws {
            try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil
            ).filter { $0.pathExtension == "safetensors" }
        }
    }

    /// Renames a tensor in the file and in the index.
    func rename(_ name: String, to other: String) throws {
        let index = folder.appending(path: "model.safetensors.index.json")
        for file in try shards + [index] {
            var data = try Data(contentsOf: file)
            while let range = data.range(of: Data("\"\(name)\"".utf8)) {
                data.replaceSubrange(range, with: Data("\"\(other)\"".utf8))
            }
            try data.write(to: file)
        }
    }

    /// Makes every number of a tensor a not-a-number, of bfloat16 or float32.
    func spoil(_ name: String) throws {
        for file in try shards {
            var data = try Data(contentsOf: file)
            let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.1) << (8 * $1.0) }
            let header = try JSONSerialization.jsonObject(with: data[8..<8 + length])
            guard let entry = (header as? [String: Any])?[name] as? [String: Any],
                let offsets = entry["data_offsets"] as? [Int]
            else { continue }
            let range = 8 + length + offsets[0]..<8 + length + offsets[1]
            data.replaceSubrange(range, with: Data(repeating: 0xff, count: range.count))
            try data.write(to: file)
        }
    }
}
