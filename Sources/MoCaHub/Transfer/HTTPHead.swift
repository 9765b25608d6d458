// The header fields of a response.

import Foundation

/// The status and header fields of the last response of a redirect chain.
struct HTTPHead: Hashable {
    /// The status code; 0 without a response.
    var status = 0
    /// The header fields, by name in lower case.
    var fields: [String: String] = [:]

    /// Parses the output of `curl --dump-header`.
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

    /// An identifier of this version of the content; weak entity tags do not count.
    var validator: String? {
        if let tag = fields["etag"], tag.hasPrefix("\"") { return tag }
        return fields["last-modified"]
    }

    /// Seconds to wait, as requested by the server.
    var retryAfter: Double? {
        guard let text = fields["retry-after"] else { return nil }
        if let seconds = Double(text), seconds >= 0 { return seconds }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text).map { max(0, $0.timeIntervalSinceNow) }
    }

    /// The length of the body in bytes.
    var length: Int? { fields["content-length"].flatMap { Int($0) } }

    /// The length of the whole file in bytes, from the response to a range request.
    var wholeLength: Int? {
        fields["content-range"].flatMap { $0.split(separator: "/").last }.flatMap { Int($0) }
    }
}
