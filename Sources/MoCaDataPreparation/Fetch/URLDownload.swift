// A file of a web server. Received bytes stay in NAME.partial, and NAME.headers beside it
// identifies their version; the next attempt, or the next run, requests the rest.

import Foundation
import MoCaCore
import MoCaSystem

/// Downloads one file.
struct URLDownload {
    let url: String
    var token: String?
    let check: FileCheck
    let destination: URL
    let context: PreparationContext

    private var partial: URL { destination.appendingPathExtension("partial") }
    private var headers: URL { destination.appendingPathExtension("headers") }
    private var newHeaders: URL { destination.appendingPathExtension("headers.new") }

    /// Fetches the file, or the missing rest of it, and verifies it.
    func run() throws -> FileStamp {
        try WorkFolder.makeFolder(destination.deletingLastPathComponent())
        var file = try PartialDownload(partial)
        // A resumed file that is wrong may mix two versions: one more attempt from the start.
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
        for left in [headers, newHeaders] { try WorkFolder.remove(left) }
        return try FileStamp(of: destination, sha256: file.sha256)
    }

    /// Keeps the response headers of the bytes that follow, if there are any.
    private func keepHeaders() throws {
        do {
            try FileSystem.move(newHeaders, to: headers, synchronizes: false)
        } catch {
            guard error.cause == .missing else { throw PreparationError.writing(error) }
        }
    }

    private func canContinue(_ file: PartialDownload) throws -> Bool {
        if let size = check.size, file.count > size { return false }
        return try check.sha256 != nil || HTTPRequest.head(headers).validator != nil
    }

    /// Requests until the file is complete. Returns whether more than one attempt delivered bytes.
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
                if file.count == start { try keepHeaders() }
                try file.append(bytes, context)
            }
            switch outcome {
            case .complete: return wasContinued
            case .otherFile:
                try file.restart(context)
                try retries.failed("it cannot be continued", requested: 0, progressed: false)
            case .again(let reason, let after):
                try retries.failed(reason, requested: after, progressed: file.count > start)
                if file.count > 0, try !canContinue(file) { try file.restart(context) }
            case .refused(404), .refused(410): throw PreparationError.notFound(what: url)
            case .refused(let status): throw PreparationError.refused(url: url, status: status)
            case .impossible(let reason):
                throw PreparationError.unavailable(what: url, reason: reason)
            }
        }
    }
}

/// What a server reports about a file before the download; kept between runs.
struct RemoteAnswer: Codable, Hashable {
    let url: String
    /// The size in bytes; nil if the server does not report it.
    let size: Int?
    /// An identifier of this version of the content.
    let validator: String?

    /// Sends a HEAD request; nil if the server answers only to GET.
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
                try retries.failed(reason, requested: after, progressed: false)
            case .refused, .otherFile, .impossible: return nil
            }
        }
    }
}

/// The first bytes of a file, hashed as they arrive.
struct PartialDownload {
    private static let chunkByteCount = 1 << 20

    private let file: GrowingFile
    private var hash = SHA256()
    private(set) var count = 0

    /// Takes over the bytes that an earlier run left.
    init(_ url: URL) throws {
        file = try PreparationError.writing { try GrowingFile(url) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.chunkByteCount, alignment: 16)
        defer { buffer.deallocate() }
        var got = 0
        repeat {
            do {
                got = try file.read(into: buffer, at: count)
            } catch {
                throw PreparationError.cannotRead(path: error.path, reason: error.reason)
            }
            hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            count += got
        } while got == buffer.count
    }

    var sha256: String { hash.hexadecimal }

    mutating func append(_ bytes: UnsafeRawBufferPointer, _ context: PreparationContext) throws {
        try PreparationError.writing { [file] in try file.append(bytes) }
        hash.add(bytes)
        count += bytes.count
        context.onStep(.advanced(bytes: bytes.count))
    }

    /// Drops all bytes.
    mutating func restart(_ context: PreparationContext) throws {
        try PreparationError.writing { [file] in try file.cut(to: 0) }
        context.onStep(.advanced(bytes: -count))
        (hash, count) = (SHA256(), 0)
    }

    /// Gives the file its final name, once its bytes are on the disk.
    func publish(as destination: URL) throws {
        try PreparationError.writing { [file] in
            try file.synchronize()
            try FileSystem.move(file.url, to: destination)
        }
    }
}
