// Makes one output of the parts of all shards: `moca vectors merge`.

package import Foundation
import MoCaSystem

/// Merges the parts of all shards of an input into the output that one process would have written,
/// byte for byte.
package struct VectorMerge: Sendable {
    /// The folders of the parts, or folders that hold them; if empty, those beside the output.
    package var parts: [URL]
    /// A `.npy`, `.jsonl`, `.parquet` or `.safetensors` file.
    package var output: URL
    /// Whether the parts are removed when the output is complete.
    package var removesParts = false

    package init(parts: [URL] = [], output: URL) {
        (self.parts, self.output) = (parts, output)
    }

    /// The result of merging.
    package struct Report: Sendable, Hashable, Codable {
        /// The number of embedded records in the output.
        package var items: Int
        /// The number of input records.
        package var records: Int
        package var parts: Int
        /// The file that lists the records without a vector, if there are any.
        package var errors: String?
        /// Notes for the user about the parts, one sentence each; not part of the written report.
        package var notes: [String] = []

        private enum CodingKeys: String, CodingKey {
            case items, records, parts, errors
        }
    }

    /// Checks the parts, and writes the output.
    ///
    /// - Parameters:
    ///   - progress: receives the number of records that were written, and of all.
    ///   - isInterrupted: called before each window; if true, nothing is written.
    /// - Throws: `VectorError`, `DataError`, `SafetensorsError`.
    package func run(
        progress: @escaping (_ completed: Int, _ total: Int) -> Void = { _, _ in },
        isInterrupted: @escaping () -> Bool = { false }
    ) throws -> Report {
        let merged = try merge(try folders(), progress, isInterrupted)
        var report = Report(
            items: merged.parts.embeddedCount, records: merged.parts.recordCount,
            parts: merged.parts.parts.count)
        report.errors = merged.list?.path
        report.notes = merged.parts.notes
        if removesParts { try remove(merged.parts.parts.map(\.folder)) }
        return report
    }

    /// Writes the output from the parts in these folders.
    ///
    /// - Returns: the parts, and the list of records without a vector if there are any.
    func merge(
        _ folders: [URL], _ progress: @escaping (Int, Int) -> Void,
        _ isInterrupted: @escaping () -> Bool
    ) throws -> (parts: MergedParts, list: URL?) {
        let format = try EmbeddingOutput(of: output)
        var parts = try MergedParts(folders)
        let (output, total) = (output, parts.recordCount)
        parts.willRead = {
            guard !isInterrupted() else { throw VectorError.mergeInterrupted(output: output.path) }
        }
        var completed = 0
        parts.progress = {
            completed += $0
            progress(completed, total)
        }
        try format.write(parts, to: output)
        return (parts, try EmbeddingOutput.writeErrors(parts, of: output))
    }

    /// Removes parts whose vectors are in the output.
    func remove(_ folders: [URL]) throws {
        do {
            for folder in folders { try AtomicFolder.remove(folder) }
        } catch {
            throw VectorError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    // MARK: Folders

    /// The folders of the parts.
    ///
    /// - Throws: `VectorError.noParts`, `.inputMissing`.
    func folders() throws -> [URL] {
        guard parts.isEmpty else { return try parts.flatMap { try Self.folders(at: $0) } }
        let beside = output.deletingLastPathComponent()
        let names = try Self.names(in: beside).filter {
            WindowShard.isPart(name: $0, of: output.lastPathComponent)
        }
        guard !names.isEmpty else { throw VectorError.noParts(path: output.path) }
        return names.map { beside.appending(path: $0) }
    }

    /// The folder itself if it is a part, else the parts in it.
    private static func folders(at url: URL) throws -> [URL] {
        let file = url.appending(path: VectorStore.settingsName)
        if FileManager.default.fileExists(atPath: file.path) { return [url] }
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw VectorError.inputMissing(path: url.path)
        }
        let names = try names(in: url).filter { WindowShard.isPart(name: $0) }
        guard !names.isEmpty else { throw VectorError.notAPart(path: url.path) }
        return names.map { url.appending(path: $0) }
    }

    private static func names(in folder: URL) throws -> [String] {
        do {
            return try FolderListing(of: folder.path).names
        } catch {
            throw VectorError.notAPart(path: folder.path)
        }
    }
}
