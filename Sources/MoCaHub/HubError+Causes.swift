// The errors for failed system calls and for answers of servers.

import MoCaSystem

extension HubError {
    /// The error for a failed system call while writing a file.
    static func writing(_ error: SystemFileError) -> HubError {
        error.cause == .diskFull
            ? .diskFull(path: error.path)
            : .cannotWrite(path: error.path, reason: error.reason)
    }

    /// Runs `body`, which writes files.
    ///
    /// - Throws: `HubError.cannotWrite`, `.diskFull`, and other errors of `body`.
    static func writing<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SystemFileError {
            throw writing(error)
        }
    }

    /// The error for a server's refusal of a plain file.
    init(refusing url: String, _ head: HTTPHead) {
        self =
            [404, 410].contains(head.status)
            ? .fileMissing(what: url) : .refused(url: url, status: head.status)
    }

    /// The error for the Hub's refusal, distinguished by `X-Error-Code` and `X-Error-Message` as
    /// huggingface_hub does.
    init(refusing url: String, _ head: HTTPHead, of repository: HubReference, hasToken: Bool) {
        let status = head.status
        let name = repository.name
        let message = head.fields["x-error-message"] ?? ""
        switch (head.fields["x-error-code"], status) {
        case ("GatedRepo", _):
            self = .gated(
                name: name, reason: "the Hub answers with status \(status)", hasToken: hasToken)
        case ("RevisionNotFound", _):
            self = .revisionMissing(name: name, revision: repository.revision)
        case ("EntryNotFound", _):
            self = .fileMissing(what: url)
        case ("RepoNotFound", _):
            self = .repositoryMissing(name: name, hasToken: hasToken)
        case (_, 401) where hasToken && message.hasPrefix("Invalid"):
            self = .badToken(reason: message)
        // Without a token the Hub does not say whether a repository is missing or private.
        case (_, 401) where !hasToken && head.fields["x-error-code"] == nil:
            self = .repositoryMissing(name: name, hasToken: false)
        case (_, 401), (_, 403):
            self = .gated(
                name: name, reason: "the Hub answers with status \(status)", hasToken: hasToken)
        case (_, 404), (_, 410):
            self = .repositoryMissing(name: name, hasToken: hasToken)
        default:
            self = .refused(url: url, status: status)
        }
    }
}
