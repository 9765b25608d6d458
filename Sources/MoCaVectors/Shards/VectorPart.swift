// The vectors of one shard, as `moca vectors merge` reads them.

import Foundation
import MoCaSystem

/// The folder of a shard's vectors, which is only read.
struct VectorPart: Sendable {
    let folder: URL
    let settings: JournalSettings
    let shard: WindowShard
    /// The input and the counts; nil while vectors are missing.
    let completion: PartCompletion?

    /// Opens the folder of a part.
    ///
    /// - Throws: `VectorError.notAPart`, `.damagedPart`.
    init(_ folder: URL) throws {
        self.folder = folder
        let file = folder.appending(path: VectorStore.settingsName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw VectorError.notAPart(path: folder.path)
        }
        do {
            settings = try JournalSettings(reading: Data(contentsOf: file), in: folder)
            completion = try PartCompletion(in: folder)
        } catch VectorError.damagedProgress(let file, let reason) {
            throw VectorError.damagedPart(
                part: folder.path,
                reason: "\(URL(fileURLWithPath: file).lastPathComponent): \(reason)")
        } catch {
            throw VectorError.damagedPart(part: folder.path, reason: error.fileReason)
        }
        guard let part = settings.part else { throw VectorError.notAPart(path: folder.path) }
        guard part.shard.isValid, settings.conditions.dimensions > 0 else {
            throw VectorError.damagedPart(
                part: folder.path, reason: "settings.json has numbers that are out of range")
        }
        shard = part.shard
    }

    /// The bytes of a vector.
    var vectorByteCount: Int { settings.conditions.dimensions * MemoryLayout<Float>.size }

    /// The error for contents that are not those that were written.
    func damage(_ reason: String) -> VectorError {
        .damagedPart(part: folder.path, reason: reason)
    }

    /// Opens a file of the folder.
    func open(_ name: String) throws -> RandomAccessFile {
        try RandomAccessFile(opening: folder.appending(path: name).path) {
            damage("\(name): \($0.reason)")
        }
    }
}
