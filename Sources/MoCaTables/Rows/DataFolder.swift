// Finds the files of a folder that contain its records.

package import Foundation
import MoCaSystem

/// The data files of a folder, in the order of their names; for a folder written by
/// `datasets.save_to_disk`, those listed in its `state.json`, in that order. The path of a data
/// file returns that file. A folder with files of several splits, as the Hub stores them
/// (`train-00000-of-00001.parquet`, `test-00000-of-00001.parquet`), is refused; `FOLDER/train`
/// selects one split. Archives count as WebDataset shards if the folder has no other data files.
///
/// - Throws: `DataError.fileMissing`, `.noDataFiles`, `.severalSplits`, `.inputOutput`,
///   `.malformedLine`, `.unreadableFile`.
package func dataFiles(in folder: URL) throws -> [URL] {
    guard FileManager.default.fileExists(atPath: folder.path) else {
        if let files = try SplitFiles.named(by: folder) { return files }
        throw DataError.fileMissing(path: folder.path)
    }
    guard isFolder(folder) else { return [folder] }
    if let saved = try savedDataFiles(in: folder) { return saved }
    if let splits = try savedSplits(in: folder) {
        throw DataError.severalSplits(folder: folder.path, splits: splits)
    }
    let entries = try visibleEntries(of: folder)
    let files = recordFiles(among: entries)
    guard !files.isEmpty else {
        throw DataError.noDataFiles(
            folder: folder.path,
            subfolders: entries.filter(isFolder).map(\.lastPathComponent))
    }
    let splits = SplitFiles.splits(of: files)
    guard splits.count < 2 else {
        throw DataError.severalSplits(folder: folder.path, splits: splits)
    }
    return files
}

/// The entries of a folder that are not hidden, sorted by name.
///
/// - Throws: `DataError.inputOutput`.
func visibleEntries(of folder: URL) throws -> [URL] {
    do {
        let listing = try FolderListing(of: folder.path)
        if let name = listing.undecodableNames.first(where: { !$0.hasPrefix(".") }) {
            throw DataError.inputOutput(
                path: "\(folder.path)/\(name)", reason: "its name is not UTF-8: rename it")
        }
        return listing.names.filter { !$0.hasPrefix(".") }
            .map { folder.appendingPathComponent($0, isDirectory: false) }
    } catch let error as POSIXError {
        throw DataError.inputOutput(path: folder.path, reason: error.localizedDescription)
    }
}

/// The record files among the entries of a folder.
func recordFiles(among entries: [URL]) -> [URL] {
    // Spark names folders like files: `real.parquet/part-00000.parquet`.
    let shards = entries.filter { RecordFormat($0)?.isWebDataset == true && !isFolder($0) }
    let others = entries.filter { RecordFormat($0)?.isWebDataset == false && !isFolder($0) }
    // An archive beside tables or JSON lines contains their images.
    return others.isEmpty ? shards : others
}

/// Whether `url` is a folder, or a link to one.
package func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        && isFolder.boolValue
}

/// The files listed in `state.json` of a saved data set; nil if there is no such file. Other
/// `.arrow` files beside it are caches.
private func savedDataFiles(in folder: URL) throws -> [URL]? {
    guard let state = try savedObject("state.json", in: folder) else {
        return nil
    }
    guard case .list(let files) = try state.cell("_data_files") else {
        throw DataError.malformedLine(state.location, reason: "it has no list '_data_files'")
    }
    // Older versions of the library could store a selection of rows beside all rows.
    for column in ["_indices_files", "_indices_data_files"] {
        guard case .list(let selections) = try state.cell(column), !selections.isEmpty else {
            continue
        }
        throw DataError.unreadableFile(
            path: state.location.file,
            reason: "'\(column)' selects rows; call flatten_indices() before save_to_disk()")
    }
    return try files.map { file in
        guard case .object(let members) = file, case .string(let name) = members["filename"] else {
            throw DataError.malformedLine(
                state.location, reason: "a data file has no 'filename'")
        }
        return folder.appendingPathComponent(name)
    }
}

/// The splits of a folder that a `DatasetDict` was saved to; nil for other folders.
private func savedSplits(in folder: URL) throws -> [String]? {
    guard let saved = try savedObject("dataset_dict.json", in: folder) else { return nil }
    return try saved.strings("splits") ?? []
}

/// The JSON object of a small file; nil if there is no such file.
private func savedObject(_ name: String, in folder: URL) throws -> Row? {
    let url = folder.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let text = try readChunk(openForReading(url), 1 << 24, path: url.path) ?? Data()
    return try jsonRow(text, location: RecordLocation(file: url.path, place: .line(1)))
}
