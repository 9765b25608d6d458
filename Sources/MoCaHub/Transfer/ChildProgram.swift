// Runs another program to its end; the program does not outlive this process.

package import Foundation

/// A program with its arguments and environment.
package struct ChildProgram {
    private static let bufferBytes = 1 << 18
    private static let errorBytesMax = 1 << 16
    private static let pollMilliseconds: Int32 = 100

    /// The outcome of a run.
    package struct Result {
        /// The exit status.
        package var status: Int32
        /// The end of the program's standard error.
        package var errors: String
    }

    private let url: URL
    private let arguments: [String]
    private let environment: [String: String]

    package init(url: URL, arguments: [String], environment: [String: String]) {
        self.url = url
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs the program and waits for its end.
    ///
    /// - Parameters:
    ///   - input: The standard input, less than a pipe holds; arguments are visible to other users.
    ///   - onOutput: Receives standard output as it comes. The program writes into a pipe and never
    ///     into our files, so a killed run leaves no writer behind.
    ///   - tick: Called repeatedly; an error that it throws ends the program.
    /// - Throws: `HubError.cannotRead`, errors of the closures.
    package func run(
        input: String, tick: () throws -> Void, onOutput: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Result {
        let process = Process()
        (process.executableURL, process.arguments) = (url, arguments)
        process.environment = environment
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (standardInput, output)
        process.standardError = errors
        do {
            // Written before the program runs, so that a program that ends at once breaks no pipe.
            try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try standardInput.fileHandleForWriting.close()
            try process.run()
        } catch {
            throw HubError.cannotRead(path: url.path, reason: error.localizedDescription)
        }
        do {
            let text = try Self.drain(
                output.fileHandleForReading.fileDescriptor,
                errors.fileHandleForReading.fileDescriptor, tick: tick, onOutput: onOutput)
            process.waitUntilExit()
            return Result(status: process.terminationStatus, errors: text)
        } catch {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            throw error
        }
    }

    /// Reads both pipes to their ends.
    private static func drain(
        _ output: Int32, _ errors: Int32, tick: () throws -> Void,
        onOutput: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        var text: [UInt8] = []
        var open = [output, errors]
        while !open.isEmpty {
            try tick()
            var waiting = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waiting, nfds_t(waiting.count), pollMilliseconds) > 0 else { continue }
            for entry in waiting where entry.revents != 0 {
                let count = read(entry.fd, buffer.baseAddress, bufferBytes)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    open.removeAll { $0 == entry.fd }
                    continue
                }
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if entry.fd == output { try onOutput(bytes) } else { text += bytes }
                if text.count > errorBytesMax { text.removeFirst(text.count - errorBytesMax) }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Finds a program in `PATH`, then in `bin` of other folders.
    package static func find(
        _ name: String, _ environment: [String: String], folders: [URL] = []
    ) -> URL? {
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let places = path + folders.map { $0.appending(path: "bin").path }
        return places.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
            .map { URL(fileURLWithPath: $0) }
    }
}
