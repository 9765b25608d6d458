// Another program, run to its end; it does not outlive this process.

import Foundation

/// A program and how it is called.
struct ChildProgram {
    private static let bufferBytes = 1 << 18
    private static let errorBytesMax = 1 << 16
    private static let pollMilliseconds: Int32 = 100

    /// How it ended.
    struct Result {
        var status: Int32
        /// The end of what it wrote to standard error.
        var errors: String
    }

    let url: URL
    let arguments: [String]
    let environment: [String: String]

    /// Runs it.
    ///
    /// - Parameters:
    ///   - input: what it reads from standard input, less than a pipe holds; arguments are visible
    ///     to other users.
    ///   - onOutput: gets standard output as it comes. The program writes into a pipe and never
    ///     into files of ours, so a killed run leaves nobody who writes.
    ///   - tick: called all the time; what it throws ends the program.
    func run(
        input: String, tick: () throws -> Void, onOutput: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Result {
        let process = Process()
        (process.executableURL, process.arguments) = (url, arguments)
        process.environment = environment
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (standardInput, output)
        process.standardError = errors
        do {
            // Before the program runs, so that one that ends at once breaks no pipe.
            try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try standardInput.fileHandleForWriting.close()
            try process.run()
        } catch {
            throw PreparationError.cannotRead(path: url.path, reason: error.localizedDescription)
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

    /// Where a program is: in `PATH`, then in `bin` of the folders.
    static func find(_ name: String, _ options: PreparationOptions) -> URL? {
        let path = (options.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let places = path + options.programFolders.map { $0.appending(path: "bin").path }
        return places.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
            .map { URL(fileURLWithPath: $0) }
    }
}
