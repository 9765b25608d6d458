// Outputs are tried before anything costly begins.

import Foundation

/// Demands that the file `path` can be made or replaced, and that it is none of the files that the
/// command reads.
///
/// - Parameter inputs: files that are read, and folders whose data files are read.
/// - Throws: `CommandError.cannotWrite`, `.outputIsInput`.
func requireWritableFile(_ path: String, reading inputs: [String] = []) throws {
    let url = URL(fileURLWithPath: path)
    for input in inputs where isRead(url, from: URL(fileURLWithPath: input)) {
        throw CommandError.outputIsInput(path: path, input: input)
    }
    var status = stat()
    if stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
        throw CommandError.cannotWrite(path: path, reason: "it is a folder")
    }
    try requireWritable(url.deletingLastPathComponent(), for: path)
}

/// Demands that files can be made in the folder `path`, or that the folder can be made.
///
/// - Throws: `CommandError.cannotWrite`.
func requireWritableFolder(_ path: String) throws {
    var url = URL(fileURLWithPath: path).standardizedFileURL
    // What is missing will be made.
    while url.path != "/", !FileManager.default.fileExists(atPath: url.path) {
        url.deleteLastPathComponent()
    }
    try requireWritable(url, for: path)
}

private func requireWritable(_ folder: URL, for path: String) throws {
    var status = stat()
    guard stat(folder.path, &status) == 0 else {
        throw CommandError.cannotWrite(path: path, reason: "there is no folder \(folder.path)")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        throw CommandError.cannotWrite(path: path, reason: "\(folder.path) is no folder")
    }
    guard access(folder.path, W_OK | X_OK) == 0 else {
        throw CommandError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}

/// Whether an existing file is `input`, by device and inode, or one of the data files in it.
private func isRead(_ file: URL, from input: URL) -> Bool {
    var (output, read) = (stat(), stat())
    guard stat(file.path, &output) == 0, stat(input.path, &read) == 0 else { return false }
    if output.st_dev == read.st_dev, output.st_ino == read.st_ino { return true }
    guard read.st_mode & S_IFMT == S_IFDIR, dataEndings.contains(file.pathExtension.lowercased())
    else { return false }
    let folder = input.resolvingSymlinksInPath().path
    return file.resolvingSymlinksInPath().path.hasPrefix(folder + "/")
}

/// Endings of files that commands read from folders: records, images, archives, weights.
private let dataEndings: Set<String> = [
    "parquet", "arrow", "jsonl", "tsv", "txt", "tar", "tgz", "zip", "gz", "zst", "bz2", "xz", "jpg",
    "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif", "jxl",
    "safetensors",
]
