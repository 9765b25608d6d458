// A file of a web server. What came stays in NAME.partial, beside it in NAME.headers what it is
// part of; the next attempt, or the next run, asks for the rest.

import Foundation
import MoCaCore
import MoCaSystem

/// Fetches one file.
struct URLDownload {
    let url: String
    var token: String?
    let check: FileCheck
    let destination: URL
    let context: PreparationContext

    private var partial: URL { destination.appendingPathExtension("partial") }
    private var headers: URL { destination.appendingPathExtension("headers") }
    private var newHeaders: URL { destination.appendingPathExtension("headers.new") }

    /// Fetches the file, or what is missing of it, and checks it.
    func run() throws -> FileStamp {
        try WorkFolder.makeFolder(destination.deletingLastPathComponent())
        var file = try PartialDownload(partial)
        // A file that was continued and is wrong may be of two versions: once more from the start.
        var wasContinued = file.count > 0
        if file.count > 0, try !canContinue(file) { try file.restart(context) }
        while true {
            if try fetch(&file) { wasContinued = true }
            do {
                try check.verify(destination.path, size: file.count, sha256: file.sha256)
                break
            } catch let error as PreparationError {
                try file.restart(context)
                guard wasContinued else { throw error }
                context.onStep(.note("\(url): it has changed while it was fetched; from the start"))
                wasContinued = false
            }
        }
        try file.publish(as: destination)
        for left in [headers, newHeaders] { unlink(left.path) }
        return try FileStamp(of: destination, sha256: file.sha256)
    }

    private func canContinue(_ file: borrowing PartialDownload) throws -> Bool {
        if let size = check.size, file.count > size { return false }
        return try check.sha256 != nil || HTTPRequest.head(headers).validator != nil
    }

    /// Asks until everything came; whether it took more than one attempt that brought bytes.
    private func fetch(_ file: inout PartialDownload) throws -> Bool {
        var retries = RetryLoop(url, context)
        var wasContinued = false
        while true {
            let start = file.count
            if let size = check.size, start == size { return wasContinued }
            let request = HTTPRequest(
                url: url, token: token, offset: start,
                validator: try HTTPRequest.head(headers).validator)
            wasContinued = wasContinued || start > 0
            let outcome = try request.attempt(headers: newHeaders, context) { bytes in
                if file.count == start { rename(newHeaders.path, headers.path) }
                try file.append(bytes, context)
            }
            switch outcome {
            case .complete: return wasContinued
            case .otherFile:
                try file.restart(context)
                try retries.failed("it cannot be continued", asked: 0, progressed: false)
            case .again(let reason, let after):
                try retries.failed(reason, asked: after, progressed: file.count > start)
                if file.count > 0, try !canContinue(file) { try file.restart(context) }
            case .refused(404), .refused(410): throw PreparationError.notFound(what: url)
            case .refused(let status): throw PreparationError.refused(url: url, status: status)
            case .impossible(let reason):
                throw PreparationError.unavailable(what: url, reason: reason)
            }
        }
    }
}

/// What a server says of a file before it is fetched; kept from run to run.
struct RemoteAnswer: Codable, Hashable {
    let url: String
    /// nil where the server does not say.
    let size: Int?
    /// What tells the content from another of the same address.
    let validator: String?

    /// Asks; nil where the server answers only to GET.
    ///
    /// - Throws: `PreparationError.unavailable`, `.interrupted`.
    static func ask(_ url: String, _ context: PreparationContext) throws -> RemoteAnswer? {
        var retries = RetryLoop(url, context)
        let request = HTTPRequest(url: url, isHead: true)
        while true {
            let outcome = try context.withScratchFile { headers in
                try request.attempt(headers: headers, context) { _ in }
            }
            switch outcome {
            case .complete(let head):
                return RemoteAnswer(url: url, size: head.length, validator: head.validator)
            case .again(let reason, let after):
                try retries.failed(reason, asked: after, progressed: false)
            case .refused, .otherFile, .impossible: return nil
            }
        }
    }
}

/// The first bytes of a file, hashed as they come.
struct PartialDownload: ~Copyable {
    private let url: URL
    private let descriptor: Int32
    private var hash = SHA256()
    private(set) var count = 0

    /// Takes over what an earlier run left.
    init(_ url: URL) throws {
        self.url = url
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw PreparationError.writing(url.path) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let got = read(descriptor, buffer.baseAddress, buffer.count)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else {
                let error = PreparationError.reading(url.path)
                close(descriptor)
                throw error
            }
            if got == 0 { break }
            hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            count += got
        }
    }

    deinit { close(descriptor) }

    var sha256: String { hash.hexadecimal }

    mutating func append(_ bytes: UnsafeRawBufferPointer, _ context: PreparationContext) throws {
        try writeAll(descriptor, bytes, url.path)
        hash.add(bytes)
        count += bytes.count
        context.onStep(.advanced(bytes: bytes.count))
    }

    /// Drops everything.
    mutating func restart(_ context: PreparationContext) throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw PreparationError.writing(url.path)
        }
        context.onStep(.advanced(bytes: -count))
        (hash, count) = (SHA256(), 0)
    }

    /// Gives the file its name, when it is on the disk.
    func publish(as destination: URL) throws {
        guard fsync(descriptor) == 0, rename(url.path, destination.path) == 0 else {
            throw PreparationError.writing(destination.path)
        }
    }
}

/// Writes all of the bytes.
func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let chunk = UnsafeRawBufferPointer(rebasing: rest)
        let written = write(descriptor, chunk.baseAddress, min(chunk.count, 1 << 30))
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw PreparationError.writing(path) }
        rest = rest.dropFirst(written)
    }
}
