// A server's answer about a file.

import Foundation

/// What a server reports about a file before the download; kept between runs.
package struct RemoteAnswer: Codable, Hashable {
    /// The address of the file.
    package let url: String
    /// The size in bytes; nil if the server does not report it.
    package let size: Int?
    /// An identifier of this version of the content.
    package let validator: String?

    /// Sends a HEAD request; nil if the server answers only to GET.
    ///
    /// - Throws: `HubError.unavailable`, errors of the context's `check`.
    package static func ask(_ url: String, _ context: TransferContext) throws -> RemoteAnswer? {
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
