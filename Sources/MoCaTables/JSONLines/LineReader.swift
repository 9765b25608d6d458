// Reads lines of a file, a compressed file or standard input, one at a time, in constant memory.

package import Foundation
import MoCaSettings

/// Reads lines in time linear in their bytes; a line ends with a line feed, optionally preceded by
/// a carriage return.
package struct LineReader {
    private static let chunkByteCount = 1 << 18

    private let source: Source
    private let path: String
    /// Throws if the first bytes show that the file has the wrong format.
    private let check: (Data) throws -> Void
    private var buffer: [UInt8] = []
    /// The index in `buffer` of the start of the next line.
    private var start = 0
    /// The index in `buffer` up to which the next line contains no line feed.
    private var searched = 0
    private var isAtStart = true
    private var isAtEnd = false
    /// The number of the last line read, from 1.
    package private(set) var lineNumber = 0

    private enum Source {
        case file(FileHandle)
        case stream(ArchiveReader)
    }

    /// Reads the rest of `handle`; errors name it `path`.
    ///
    /// - Parameter check: Called with the first bytes; throws if they show that the file has the
    ///   wrong format.
    package init(
        _ handle: FileHandle, path: String, check: @escaping (Data) throws -> Void = { _ in }
    ) {
        source = .file(handle)
        self.path = path
        self.check = check
    }

    /// Opens a file.
    ///
    /// - Throws: `DataError.fileMissing`, `.inputOutput`.
    package init(_ url: URL, check: @escaping (Data) throws -> Void = { _ in }) throws {
        self.init(try openForReading(url), path: url.path, check: check)
    }

    /// Opens a compressed file: gzip, zstd, bzip2 or xz, recognised by its first bytes.
    ///
    /// - Throws: `DataError.unreadableFile`, `.inputOutput`.
    package init(
        compressed url: URL, check: @escaping (Data) throws -> Void = { _ in }
    ) throws {
        source = .stream(try ArchiveReader(stream: url))
        path = url.path
        self.check = check
    }

    /// The next line without its line end; nil after the last.
    ///
    /// - Throws: `DataError.inputOutput`, `.damagedStream`, and what the check of the first bytes
    ///   throws.
    package mutating func next() throws -> Data? {
        while true {
            if let end = indexOfLineFeed() {
                defer { (start, searched) = (end + 1, end + 1) }
                return line(upTo: end)
            }
            searched = buffer.count
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return line(upTo: buffer.count)
            }
            try fill()
        }
    }

    /// The index of the next line feed, starting at `searched`.
    private func indexOfLineFeed() -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, searched < bytes.count else { return nil }
            let found = memchr(base + searched, 0x0a, bytes.count - searched)
            return found.map { base.distance(to: UnsafeRawPointer($0)) }
        }
    }

    /// Drops the lines already read, and appends the next chunk.
    private mutating func fill() throws {
        buffer.removeFirst(start)
        searched -= start
        start = 0
        guard let chunk = try nextChunk() else {
            isAtEnd = true
            return
        }
        if isAtStart { try check(chunk) }
        isAtStart = false
        buffer.append(contentsOf: chunk)
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
        // A byte order mark is not part of the first line.
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

/// Runs `body`; the error of a damaged stream names the line that cannot be read.
///
/// - Throws: `DataError.damagedStream`, or what `body` throws.
func naming<Result>(line: Int, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch DataError.unreadableFile(let path, let reason) {
        throw DataError.damagedStream(path: path, line: line, reason: reason)
    }
}

/// Whether a line contains only spaces.
package func isBlank(_ line: Data) -> Bool {
    line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
}

/// Parses the record of a line of JSON.
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

/// Throws for a file named as JSON lines whose first bytes show another format, before a line of
/// gigabytes is read.
///
/// - Throws: `DataError.unreadableFile`.
package func checkJSONLines(_ firstBytes: Data, path: String) throws {
    let bytes = firstBytes.starts(with: [0xef, 0xbb, 0xbf]) ? firstBytes.dropFirst(3) : firstBytes
    let known: [([UInt8], String)] = [
        ([0x1f, 0x8b], "gzip"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"), (Array("BZh".utf8), "bzip2"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"), (Array("PAR1".utf8), "Parquet"),
        (Array("ARROW1".utf8), "Arrow"), (Array("PK\u{3}\u{4}".utf8), "zip"),
        ([0xff, 0xfe], "UTF-16"), ([0xfe, 0xff], "UTF-16"),
    ]
    if let (_, name) = known.first(where: { bytes.starts(with: $0.0) }) {
        throw DataError.notJSONLines(path: path, found: "a \(name) file")
    }
    switch bytes.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) {
    case UInt8(ascii: "["):
        throw DataError.notJSONLines(path: path, found: "one JSON array")
    case 0: throw DataError.notJSONLines(path: path, found: "a binary file")
    default: return
    }
}
