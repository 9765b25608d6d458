// One request by the `curl` program, which handles redirects, TLS, proxies and stalled connections.
// It writes into a pipe, so that it ends with this program and never keeps writing a file.

import Foundation
import MoCaSystem

/// The outcome of an attempt.
enum HTTPOutcome {
    /// The whole requested range was received.
    case complete(HTTPHead)
    /// The server cannot continue this file: it has another version, or does not support ranges.
    case otherFile(HTTPHead)
    /// Another attempt may succeed.
    case again(reason: String, after: Double?)
    /// The server refuses the file.
    case refused(HTTPHead)
    /// Another attempt would fail in the same way.
    case impossible(reason: String)
}

/// A request that may be repeated.
struct HTTPRequest {
    private static let stallSeconds = 60
    private static let redirectsMax = 10

    let url: String
    /// The token for the `Authorization` header; not sent to other hosts after a redirect.
    var token: String?
    var isHead = false
    /// The offset of the first requested byte.
    var offset = 0
    /// The validator of the version that the first bytes belong to.
    var validator: String?

    /// Makes one attempt.
    ///
    /// - Parameter headers: A file for the response headers; it exists before the first byte of the
    ///   body arrives.
    /// - Throws: `HubError`, errors of the closures.
    func attempt(
        headers: URL, _ context: TransferContext,
        onBytes: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> HTTPOutcome {
        guard let curl = ChildProgram.find("curl", context.environment) else {
            throw HubError.programMissing(name: "curl")
        }
        if unlink(headers.path) != 0, errno != ENOENT {
            throw HubError.writing(SystemFileError(path: headers.path, code: errno))
        }
        let child = ChildProgram(
            url: curl, arguments: arguments(headers, context), environment: context.environment)
        let result = try child.run(input: configuration, tick: context.check, onOutput: onBytes)
        return outcome(result, try Self.head(headers))
    }

    /// The last response's headers; empty if there was no response.
    static func head(_ file: URL) throws -> HTTPHead {
        guard FileManager.default.fileExists(atPath: file.path) else { return HTTPHead(dump: "") }
        do {
            return HTTPHead(dump: String(decoding: try Data(contentsOf: file), as: UTF8.self))
        } catch {
            throw HubError.cannotRead(path: file.path, reason: error.localizedDescription)
        }
    }

    private func arguments(_ headers: URL, _ context: TransferContext) -> [String] {
        var list = [
            "--disable", "--config", "-", "--globoff", "--fail", "--silent", "--show-error",
            "--location", "--max-redirs", "\(Self.redirectsMax)", "--proto", "=http,https",
            "--connect-timeout", "\(context.connectSeconds)", "--speed-limit", "1", "--speed-time",
            "\(Self.stallSeconds)", "--dump-header", headers.path, "--user-agent", "moca",
        ]
        if isHead { list += ["--head", "--output", "/dev/null"] }
        if offset > 0 { list += ["--continue-at", "\(offset)"] }
        return list
    }

    private var configuration: String {
        func quoted(_ text: String) -> String {
            let safe = text.filter { !$0.isNewline }
            return "\""
                + safe.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        var lines = ["url = \(quoted(url))"]
        if let token { lines.append("header = \(quoted("Authorization: Bearer \(token)"))") }
        if offset > 0, let validator {
            lines.append("header = \(quoted("If-Range: \(validator)"))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func outcome(_ result: ChildProgram.Result, _ head: HTTPHead) -> HTTPOutcome {
        let text = result.errors.split(whereSeparator: \.isNewline).last.map(String.init)
        let reason = text ?? "curl ended with status \(result.status)"
        switch (result.status, head.status) {
        case (0, _):
            return .complete(head)
        // 22: HTTP error status. 33: no ranges. 36: bad resume offset.
        case (22, 416), (33, _), (36, _):
            return head.wholeLength == offset && offset > 0 ? .complete(head) : .otherFile(head)
        case (22, 408), (22, 425), (22, 429), (22, 500...599):
            return .again(reason: "status \(head.status)", after: head.retryAfter)
        case (22, _):
            return .refused(head)
        // 1, 3: unsupported protocol, bad URL. 23: our side stopped. 47: too many redirects. 58,
        // 60, 77: certificates.
        case (1, _), (2, _), (3, _), (4, _), (23, _), (27, _), (47, _), (58, _), (60, _), (77, _):
            return .impossible(reason: reason)
        default:
            return .again(reason: reason, after: nil)
        }
    }
}
