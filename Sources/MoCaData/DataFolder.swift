// Which files of a folder hold its records.

package import Foundation

private let dataFileEndings: Set<String> = ["parquet", "arrow", "jsonl"]

/// The data files of a folder, in the order of their names; of a folder that
/// `datasets.save_to_disk` has written, those that its `state.json` names, in its order. A path
/// of one data file is that file.
///
/// - Throws: `DataError.fileMissing`, `.noDataFiles`, `.inputOutput`, `.malformedLine`.
package func dataFiles(in folder: URL) throws -> [URL] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
        throw DataError.fileMissing(path: folder.path)
    }
    guard isFolder.boolValue else { return [folder] }
    if let saved = try savedDataFiles(in: folder) { return saved }
    let entries: [URL]
    do {
        entries = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: [.isDirectoryKey],
            options: .skipsHiddenFiles)
    } catch {
        throw DataError.inputOutput(path: folder.path, reason: error.localizedDescription)
    }
    let sorted = entries.sorted { $0.lastPathComponent < $1.lastPathComponent }
    let files = sorted.filter { dataFileEndings.contains($0.pathExtension) }
    guard !files.isEmpty else {
        throw DataError.noDataFiles(
            folder: folder.path,
            subfolders: sorted.filter(\.hasDirectoryPath).map(\.lastPathComponent))
    }
    return files
}

/// What `state.json` of a saved data set lists; nil when there is no such file. Other `.arrow`
/// files beside it are caches.
private func savedDataFiles(in folder: URL) throws -> [URL]? {
    let state = folder.appendingPathComponent("state.json")
    guard FileManager.default.fileExists(atPath: state.path) else { return nil }
    let location = RecordLocation(file: state.path, place: .line(1))
    let handle = try openForReading(state)
    let text = try readChunk(handle, 1 << 24, path: state.path) ?? Data()
    guard case .list(let files) = try jsonRow(text, location: location).cell("_data_files") else {
        throw DataError.malformedLine(location, reason: "it has no list '_data_files'")
    }
    return try files.map { file in
        guard case .object(let members) = file, case .string(let name) = members["filename"] else {
            throw DataError.malformedLine(location, reason: "a data file has no 'filename'")
        }
        return folder.appendingPathComponent(name)
    }
}
