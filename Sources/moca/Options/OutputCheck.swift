// Outputs are tried before anything costly begins.

import Foundation

/// Demands that the file `path` can be made or replaced.
///
/// - Throws: `CommandError.cannotWrite`.
func requireWritableFile(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
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
