// One request by the `curl` program: redirects, TLS, proxies and stalled connections are its trade.
// It writes into a pipe, so that it ends with this program and never goes on writing a file.

import Foundation

/// What the last response of a chain of redirects began with.
struct HTTPHead: Hashable {
    var status = 0
    /// By name in lower case.
    var fields: [String: String] = [:]

    /// Reads what `curl --dump-header` wrote.
    init(dump: String) {
        for line in dump.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("HTTP/") {
                fields = [:]
                status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            } else if let colon = line.firstIndex(of: ":") {
                let name = line[..<colon].lowercased()
                fields[name] = line[line.index(after: colon)...].trimmingCharacters(
                    in: .whitespaces)
            }
        }
    }

    /// What tells this content from another of the same address; weak tags do not.
    var validator: String? {
        if let tag = fields["etag"], tag.hasPrefix("\"") { return tag }
        return fields["last-modified"]
    }

    /// Seconds that the server asks to wait.
    var retryAfter: Double? {
        guard let text = fields["retry-after"] else { return nil }
        if let seconds = Double(text), seconds >= 0 { return seconds }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text).map { max(0, $0.timeIntervalSinceNow) }
    }

    /// Bytes of the body.
    var length: Int? { fields["content-length"].flatMap { Int($0) } }

    /// Bytes of the whole file, as an answer to a request for a part says.
    var wholeLength: Int? {
        fields["content-range"].flatMap { $0.split(separator: "/").last }.flatMap { Int($0) }
    }
}

/// How an attempt ended.
enum HTTPOutcome {
    /// The whole requested range was received.
    case complete(HTTPHead)
    /// The server does not continue this file: it has another, or knows no ranges.
    case otherFile(HTTPHead)
    /// Worth another attempt.
    case again(reason: String, after: Double?)
    /// The server does not give it.
    case refused(status: Int)
    /// Another attempt would end as this one did.
    case impossible(reason: String)
}

/// A request that may be repeated.
struct HTTPRequest {
    private static let stallSeconds = 60
    private static let redirectsMax = 10

    let url: String
    /// Sent as `Authorization`, and not to other hosts that a redirect names.
    var token: String?
    var isHead = false
    /// The first byte that is wanted.
    var offset = 0
    /// The file that the first bytes are of.
    var validator: String?

    /// Runs it once.
    ///
    /// - Parameter headers: a file for what the responses began with; it is there before the first
    ///   byte of the body.
    func attempt(
        headers: URL, _ context: PreparationContext,
        onBytes: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> HTTPOutcome {
        guard let curl = ChildProgram.find("curl", context.options) else {
            throw PreparationError.programMissing(name: "curl", places: "PATH")
        }
        if unlink(headers.path) != 0, errno != ENOENT {
            throw PreparationError.writing(headers.path)
        }
        let child = ChildProgram(
            url: curl, arguments: arguments(headers, context.options),
            environment: context.options.environment)
        let result = try child.run(input: configuration, tick: context.check, onOutput: onBytes)
        return outcome(result, try Self.head(headers))
    }

    /// What responses began with; empty where none came.
    static func head(_ file: URL) throws -> HTTPHead {
        guard FileManager.default.fileExists(atPath: file.path) else { return HTTPHead(dump: "") }
        do {
            return HTTPHead(dump: String(decoding: try Data(contentsOf: file), as: UTF8.self))
        } catch {
            throw PreparationError.cannotRead(path: file.path, reason: error.localizedDescription)
        }
    }

    private func arguments(_ headers: URL, _ options: PreparationOptions) -> [String] {
        var list = [
            "--disable", "--config", "-", "--globoff", "--fail", "--silent", "--show-error",
            "--location", "--max-redirs", "\(Self.redirectsMax)", "--proto", "=http,https",
            "--connect-timeout", "\(options.connectSeconds)", "--speed-limit", "1", "--speed-time",
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
        // 22: an HTTP status of failure. 33: no ranges. 36: a bad place to continue at.
        case (22, 416), (33, _), (36, _):
            return head.wholeLength == offset && offset > 0 ? .complete(head) : .otherFile(head)
        case (22, 408), (22, 425), (22, 429), (22, 500...599):
            return .again(reason: "status \(head.status)", after: head.retryAfter)
        case (22, _):
            return .refused(status: head.status)
        // 1, 3: no such protocol, no address. 23: our side stopped. 47: redirects without end.
        // 58, 60, 77: certificates.
        case (1, _), (2, _), (3, _), (4, _), (23, _), (27, _), (47, _), (58, _), (60, _), (77, _):
            return .impossible(reason: reason)
        default:
            return .again(reason: reason, after: nil)
        }
    }
}
