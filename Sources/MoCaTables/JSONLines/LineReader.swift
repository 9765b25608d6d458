// Lines of a file, of a compressed file or of standard input, one at a time, in flat memory.

package import Foundation
import MoCaSettings

/// Reads lines; the end of a line is a line feed, with or without a carriage return before it.
package struct LineReader {
    private static let chunkByteCount = 1 << 18

    private let source: Source
    private let path: String
    private var buffer = Data()
    /// Where in `buffer` the next line starts.
    private var start = 0
    private var isAtEnd = false
    /// Number of the line that was read last, from 1.
    package private(set) var lineNumber = 0

    private enum Source {
        case file(FileHandle)
        case stream(ArchiveReader)
    }

    /// Reads what is left of `handle`; errors call it `path`.
    package init(_ handle: FileHandle, path: String) {
        source = .file(handle)
        self.path = path
    }

    /// Opens a file.
    ///
    /// - Throws: `DataError.fileMissing`, `.inputOutput`.
    package init(_ url: URL) throws {
        self.init(try openForReading(url), path: url.path)
    }

    /// Opens a compressed file: gzip, zstd, bzip2 or xz, told by its first bytes.
    ///
    /// - Throws: `DataError.unreadableFile`, `.inputOutput`.
    package init(compressed url: URL) throws {
        source = .stream(try ArchiveReader(stream: url))
        path = url.path
    }

    /// The next line without its end; nil after the last.
    ///
    /// - Throws: `DataError.inputOutput`, `.damagedStream`.
    package mutating func next() throws -> Data? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return line(upTo: end)
            }
            searched = buffer.endIndex
            if isAtEnd {
                guard start < buffer.endIndex else { return nil }
                defer { start = buffer.endIndex }
                return line(upTo: buffer.endIndex)
            }
            searched -= start
            buffer = Data(buffer[start...])
            start = 0
            guard let chunk = try nextChunk() else {
                isAtEnd = true
                continue
            }
            buffer.append(chunk)
        }
    }

    private func nextChunk() throws -> Data? {
        switch source {
        case .file(let handle): return try readChunk(handle, Self.chunkByteCount, path: path)
        case .stream(let stream):
            return try naming(line: lineNumber + 1) {
                try stream.read(upTo: Self.chunkByteCount)
            }
        }
    }

    private mutating func line(upTo end: Int) -> Data {
        lineNumber += 1
        var line = buffer[start..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        // A byte order mark is no part of the first line.
        if lineNumber == 1, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
        return Data(line)
    }
}

/// Opens a file for reading.
///
/// - Throws: `DataError.fileMissing`, `.inputOutput`.
func openForReading(_ url: URL) throws -> FileHandle {
    guard FileManager.default.fileExists(atPath: url.path) else {
        throw DataError.fileMissing(path: url.path)
    }
    do {
        return try FileHandle(forReadingFrom: url)
    } catch {
        throw DataError.inputOutput(path: url.path, reason: error.localizedDescription)
    }
}

/// The next bytes of a file; nil at its end.
///
/// - Throws: `DataError.inputOutput`.
func readChunk(_ handle: FileHandle, _ byteCount: Int, path: String) throws -> Data? {
    do {
        guard let chunk = try handle.read(upToCount: byteCount), !chunk.isEmpty else { return nil }
        return chunk
    } catch {
        throw DataError.inputOutput(path: path, reason: error.localizedDescription)
    }
}

/// Runs `body`; a stream that it finds damaged is named with the line that cannot be read.
///
/// - Throws: `DataError.damagedStream`, or what `body` throws.
func naming<Result>(line: Int, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch DataError.unreadableFile(let path, let reason) {
        throw DataError.damagedStream(path: path, line: line, reason: reason)
    }
}

/// Whether a line holds nothing but spaces.
package func isBlank(_ line: Data) -> Bool {
    line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
}

/// The record of a line of JSON.
///
/// - Throws: `DataError.malformedLine`.
package func jsonRow(_ line: Data, location: RecordLocation) throws -> Row {
    do {
        guard case .object(let members) = try Cell(json: line) else {
            throw DataError.malformedLine(location, reason: "it is not an object")
        }
        return Row(members, location: location)
    } catch let fault as JSONFault {
        throw DataError.malformedLine(
            location, reason: "\(fault.reason) at column \(fault.byte + 1)")
    }
}
