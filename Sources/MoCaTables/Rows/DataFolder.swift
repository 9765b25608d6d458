// Which files of a folder hold its records.

package import Foundation
import MoCaSystem

/// The data files of a folder, in the order of their names; of a folder that
/// `datasets.save_to_disk` has written, those that its `state.json` names, in its order. A path
/// of one data file is that file. Files of several splits beside each other, as the Hub keeps them
/// (`train-00000-of-00001.parquet`, `test-00000-of-00001.parquet`), are refused; `FOLDER/train`
/// names those of one. Archives are shards of a WebDataset where a folder has no other
/// data files.
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

/// The entries of a folder that are not hidden, by name.
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

/// The files of records among the entries of a folder.
func recordFiles(among entries: [URL]) -> [URL] {
    // Spark calls folders like files: `real.parquet/part-00000.parquet`.
    let shards = entries.filter { RecordFormat($0)?.isWebDataset == true && !isFolder($0) }
    let others = entries.filter { RecordFormat($0)?.isWebDataset == false && !isFolder($0) }
    // Beside tables and lines of records, an archive holds their images.
    return others.isEmpty ? shards : others
}

/// Whether there is a folder at `url`, or a link to one.
package func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        && isFolder.boolValue
}

/// What `state.json` of a saved data set lists; nil when there is no such file. Other `.arrow`
/// files beside it are caches.
private func savedDataFiles(in folder: URL) throws -> [URL]? {
    guard let state = try savedObject("state.json", in: folder) else {
        return nil
    }
    guard case .list(let files) = try state.cell("_data_files") else {
        throw DataError.malformedLine(state.location, reason: "it has no list '_data_files'")
    }
    // Older versions of the library could save a selection of rows beside all rows.
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

/// The splits of a folder that a `DatasetDict` was saved to; nil when it is no such folder.
private func savedSplits(in folder: URL) throws -> [String]? {
    guard let saved = try savedObject("dataset_dict.json", in: folder) else { return nil }
    return try saved.strings("splits") ?? []
}

/// The JSON object of a small file; nil when there is no such file.
private func savedObject(_ name: String, in folder: URL) throws -> Row? {
    let url = folder.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let text = try readChunk(openForReading(url), 1 << 24, path: url.path) ?? Data()
    return try jsonRow(text, location: RecordLocation(file: url.path, place: .line(1)))
}
