// The output of a rank, line by line.

import Foundation

/// Cuts a stream of bytes into lines with the number of their rank.
struct RankLines {
    private static let byteCountMax = 1 << 16

    private let prefix: String
    private var rest: [UInt8] = []

    init(rank: Int) {
        prefix = "[rank \(rank)] "
    }

    /// Adds bytes.
    ///
    /// - Returns: the lines that are now complete, without their line ends. A line of more than
    ///   64 KiB is cut.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            guard byte != UInt8(ascii: "\n") else {
                lines.append(take())
                continue
            }
            rest.append(byte)
            if rest.count == Self.byteCountMax { lines.append(take()) }
        }
        return lines
    }

    /// Ends the stream.
    ///
    /// - Returns: the last line, if it had no line end.
    mutating func finish() -> String? { rest.isEmpty ? nil : take() }

    private mutating func take() -> String {
        defer { rest.removeAll(keepingCapacity: true) }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        return prefix + String(decoding: rest, as: UTF8.self)
    }
}

/// A pipe that a process writes to, and that a thread reads to its end.
struct RankPipe {
    private static let bufferBytes = 1 << 14

    /// The end that the process reads from.
    private let reading: Int32
    /// The end that the process writes to; closed by ``closeWriting()``.
    let writing: Int32

    /// - Throws: `LaunchError.noPipe`.
    init(rank: Int) throws(LaunchError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw .noPipe(rank: rank, reason: String(cString: strerror(errno)))
        }
        (reading, writing) = (ends[0], ends[1])
        // Another rank that inherited an end would keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    /// Closes this process's copy of the writing end, so that reading ends with the writer.
    func closeWriting() { close(writing) }

    /// Closes the reading end, if no thread reads.
    func closeReading() { close(reading) }

    /// Reads until the last writer has closed the pipe, then closes it.
    ///
    /// - Parameter onLine: receives each line with its prefix.
    func read(rank: Int, onLine: (String) -> Void) {
        defer { close(reading) }
        var lines = RankLines(rank: rank)
        var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)
        while true {
            let count = Foundation.read(reading, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for line in lines.append(buffer[..<count]) { onLine(line) }
        }
        if let line = lines.finish() { onLine(line) }
    }
}
