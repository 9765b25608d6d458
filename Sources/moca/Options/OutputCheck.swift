// Checks of outputs before any costly work begins.

import Foundation

/// Requires that the file `path` can be created or replaced, and is not one of the files that the
/// command reads.
///
/// - Parameter inputs: files that the command reads, and folders whose data files it reads.
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

/// Requires that files can be created in the folder `path`, or that the folder can be created.
///
/// - Throws: `CommandError.cannotWrite`.
func requireWritableFolder(_ path: String) throws {
    var url = URL(fileURLWithPath: path).standardizedFileURL
    // Missing folders will be created.
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

/// Whether an existing file is `input` or one of the data files in it, by device and inode.
private func isRead(_ file: URL, from input: URL) -> Bool {
    var (output, read) = (stat(), stat())
    guard stat(file.path, &output) == 0, stat(input.path, &read) == 0 else { return false }
    if output.st_dev == read.st_dev, output.st_ino == read.st_ino { return true }
    guard read.st_mode & S_IFMT == S_IFDIR, dataEndings.contains(file.pathExtension.lowercased())
    else { return false }
    let folder = input.resolvingSymlinksInPath().path
    return file.resolvingSymlinksInPath().path.hasPrefix(folder + "/")
}

/// The extensions of files that commands read from folders: records, images, archives, weights.
private let dataEndings: Set<String> = [
    "parquet", "arrow", "jsonl", "tsv", "txt", "tar", "tgz", "zip", "gz", "zst", "bz2", "xz", "jpg",
    "jpeg", "jfif", "jpe", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif",
    "jxl",
    "safetensors",
]
