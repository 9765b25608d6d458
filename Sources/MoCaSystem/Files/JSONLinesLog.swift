// A file of JSON lines that grows during a run.

package import Foundation
import Synchronization

/// A log of JSON lines, truncated when a run resumes.
///
/// A killed process may leave half a line at the end: `keeps` is called for each line when the log
/// is opened, and must reject lines that do not decode.
package final class JSONLinesLog: Sendable {
    package let url: URL
    private let keeps: @Sendable (Data) -> Bool
    /// The open file; nil before it is opened.
    private let file = Mutex<GrowingFile?>(nil)

    /// Creates a log that `open()` or the first appended line opens; the file is unchanged until
    /// then.
    ///
    /// - Parameter keeps: returns whether a line of an earlier run is kept.
    package init(_ url: URL, keeping keeps: @escaping @Sendable (Data) -> Bool) {
        (self.url, self.keeps) = (url, keeps)
    }

    /// Opens the file, and removes the lines of an earlier run that are not kept.
    ///
    /// - Throws: `SystemFileError`, or the error of reading the file.
    package func open() throws { try file.withLock { _ = try open(&$0) } }

    private func open(_ file: inout GrowingFile?) throws -> GrowingFile {
        if let file { return file }
        var kept = Data()
        for line in try keptLines() {
            kept.append(line)
            kept.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(kept, to: url)
        let opened = try GrowingFile(url)
        file = opened
        return opened
    }

    /// Appends a line.
    ///
    /// - Throws: `SystemFileError`, or the error of reading the file.
    package func append(line: String) throws {
        try file.withLock { try open(&$0).append(Array("\(line)\n".utf8)) }
    }

    /// The lines of the file; before it is opened, only those that will be kept.
    ///
    /// - Throws: the error of reading the file.
    package func lines() throws -> [Data] {
        try file.withLock { try $0 == nil ? keptLines() : allLines() }
    }

    private func keptLines() throws -> [Data] { try allLines().filter(keeps) }

    private func allLines() throws -> [Data] {
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }
}
