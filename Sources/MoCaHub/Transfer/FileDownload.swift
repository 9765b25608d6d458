// A file of a web server. Received bytes stay in a partial file; a file of headers may identify
// their version, so that the next attempt, or the next run, requests the rest.

package import Foundation
import MoCaCore
import MoCaSystem

/// The expected size and hash of a file.
package struct FileCheck: Sendable, Hashable {
    /// The size in bytes, if known.
    package let size: Int?
    /// The SHA-256 as hexadecimal digits, if known.
    package let sha256: String?
    /// The hash by which Git names the contents as hexadecimal digits, if known.
    package let blobID: String?

    package init(size: Int?, sha256: String?, blobID: String? = nil) {
        self.size = size
        self.sha256 = sha256
        self.blobID = blobID
    }

    /// Compares a file with the expectation.
    ///
    /// - Throws: `HubError.wrongSize`, `.wrongHash`.
    package func verify(_ file: String, size found: Int, sha256 hash: String) throws {
        if let size, size != found {
            throw HubError.wrongSize(file: file, expected: size, found: found)
        }
        if let sha256, sha256 != hash {
            throw HubError.wrongHash(file: file, expected: sha256, found: hash)
        }
    }

    /// Compares a complete partial file with the expectation.
    ///
    /// - Throws: `HubError.wrongSize`, `.wrongHash`, `.cannotRead`.
    func verify(_ file: PartialFile, name: String) throws {
        try verify(name, size: file.count, sha256: file.sha256)
        guard let blobID else { return }
        let found = try file.blobID()
        guard found == blobID else {
            throw HubError.wrongHash(file: name, expected: blobID, found: found)
        }
    }
}

/// Downloads one file.
package struct FileDownload {
    private let url: String
    private let token: String?
    private let check: FileCheck
    private let name: String
    private let destination: URL
    private let partial: URL
    private let headers: URL
    private let newHeaders: URL
    private let context: TransferContext

    /// - Parameters:
    ///   - token: The token for the server, which is not sent to other hosts after a redirect.
    ///   - check: The expected size and hash. A partial file of an earlier run is continued if the
    ///     hash is known, or if `headers` identify its version.
    ///   - name: The name of the file in errors; nil selects the path of `destination`.
    ///   - partial: The file of the received bytes; nil selects `DESTINATION.partial`.
    ///   - headers: The file that identifies their version; nil selects `DESTINATION.headers`.
    package init(
        url: String, token: String? = nil, check: FileCheck, destination: URL,
        name: String? = nil, partial: URL? = nil, headers: URL? = nil, context: TransferContext
    ) {
        self.url = url
        self.token = token
        self.check = check
        self.name = name ?? destination.path
        self.destination = destination
        self.partial = partial ?? destination.appendingPathExtension("partial")
        self.headers = headers ?? destination.appendingPathExtension("headers")
        newHeaders = self.headers.appendingPathExtension("new")
        self.context = context
    }

    /// Fetches the file, or the missing rest of it, and verifies it.
    ///
    /// - Returns: The SHA-256 of the file.
    /// - Throws: `HubError`, errors of the context's `check`.
    @discardableResult
    package func run() throws -> String {
        try HubError.writing {
            try FileSystem.makeFolder(destination.deletingLastPathComponent())
        }
        var file = try PartialFile(partial)
        // A resumed file that is wrong may mix two versions: one more attempt from the start.
        var wasContinued = file.count > 0
        if file.count > 0, try !canContinue(file) { try file.restart(context) }
        while true {
            if try fetch(&file) { wasContinued = true }
            do {
                try check.verify(file, name: name)
                break
            } catch let error as HubError {
                try file.restart(context)
                guard wasContinued else { throw error }
                context.progress.note("\(url): it has changed while it was fetched; from the start")
                wasContinued = false
            }
        }
        try file.publish(as: destination)
        for left in [headers, newHeaders] {
            try HubError.writing { try FileSystem.remove(left) }
        }
        return file.sha256
    }

    /// Keeps the response headers of the bytes that follow, if there are any.
    private func keepHeaders() throws {
        do {
            try FileSystem.move(newHeaders, to: headers, synchronizes: false)
        } catch {
            guard error.cause == .missing else { throw HubError.writing(error) }
        }
    }

    private func canContinue(_ file: PartialFile) throws -> Bool {
        if let size = check.size, file.count > size { return false }
        return try check.sha256 != nil || HTTPRequest.head(headers).validator != nil
    }

    /// Requests until the file is complete. Returns whether more than one attempt delivered bytes.
    private func fetch(_ file: inout PartialFile) throws -> Bool {
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
            case .refused(let head): throw HubError(refusing: url, head)
            case .impossible(let reason): throw HubError.unavailable(what: url, reason: reason)
            }
        }
    }
}
