// Random access to record files, including compressed ones.

import Foundation
import MoCaSystem

extension RandomAccessFile {
    /// Opens a file that reports errors as `DataError`.
    ///
    /// - Throws: `DataError.fileMissing`, `.inputOutput`; reading throws the same errors.
    convenience init(_ path: String) throws {
        try self.init(opening: path, failure: Self.dataError)
    }

    @Sendable private static func dataError(_ error: SystemFileError) -> any Error {
        error.cause == .missing
            ? DataError.fileMissing(path: error.path)
            : DataError.inputOutput(path: error.path, reason: error.reason)
    }

    /// Decompresses the file at `url` once, and passes the bytes to `visit` during the pass.
    ///
    /// None of gzip, zstd, bzip2 and xz can start in the middle. Decompressing again for each block
    /// takes time quadratic in the file's size if rows are drawn at random, and a large file does
    /// not fit in memory. The bytes therefore go to an unnamed file in the temporary folder
    /// (`$TMPDIR`), which disappears with the process; it needs as much disk space as the
    /// uncompressed bytes.
    ///
    /// - Throws: `DataError.unreadableFile`, `.inputOutput`, `.cannotUnpack`, or what `visit`
    ///   throws.
    static func decompressed(
        _ url: URL, _ visit: (Data) throws -> Void = { _ in }
    ) throws -> RandomAccessFile {
        let stream = try ArchiveReader(stream: url)
        let folder = FileManager.default.temporaryDirectory
        do {
            return try RandomAccessFile(
                temporaryIn: folder, path: url.path, failure: dataError
            ) { write in
                while let chunk = try stream.read(upTo: 1 << 20) {
                    try visit(chunk)
                    try chunk.withUnsafeBytes { try write($0) }
                }
            }
        } catch let error as SystemFileError {
            throw DataError.cannotUnpack(
                path: url.path, folder: folder.path, reason: error.reason)
        }
    }
}
