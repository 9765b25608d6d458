// The contents of a Hub repository, from one request to its API.

import Foundation
import MoCaSettings

/// A file of a repository.
package struct HubFile: Sendable, Hashable {
    /// The path in the repository.
    package let path: String
    /// The size in bytes, if known.
    package let size: Int?
    /// The SHA-256 of a large file.
    package let sha256: String?
    /// The hash by which Git names the file; that of a pointer for a large file.
    package let blobID: String?

    package init(path: String, size: Int?, sha256: String? = nil, blobID: String? = nil) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.blobID = blobID
    }

    /// The entity tag, by which huggingface_hub names the file in its cache.
    var entityTag: String? { sha256 ?? blobID }

    /// What the contents are checked by: the SHA-256 of a large file, Git's hash of a small one.
    var check: FileCheck {
        FileCheck(size: size, sha256: sha256, blobID: sha256 == nil ? blobID : nil)
    }
}

/// Paths, sizes and hashes of the files of one commit.
package struct HubListing: Sendable {
    /// The size of a file beyond which a listing is damaged, in bytes; sums of sizes do not overflow.
    private static let fileSizeMax = 1 << 50

    package let commit: String
    package let files: [HubFile]

    private struct Reply: Decodable {
        struct Sibling: Decodable {
            struct LargeFile: Decodable {
                let sha256: String?
                let size: Int?
            }
            let rfilename: String
            let size: Int?
            let blobId: String?
            let lfs: LargeFile?
        }
        let sha: String
        let siblings: [Sibling]?
    }

    /// Creates a listing that is known.
    init(commit: String, files: [HubFile]) {
        self.commit = commit
        self.files = files
    }

    /// Requests the listing from the Hub.
    ///
    /// - Throws: `HubError.gated`, `.repositoryMissing`, `.revisionMissing`, `.badToken`,
    ///   `.unavailable`, `.badCommit`, `.badEndpoint`, `.badSwitch`, errors of the context's
    ///   `check`.
    package init(
        _ repository: HubReference, _ hub: HubAccess, _ context: TransferContext
    ) throws {
        try hub.check()
        let characters = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_."))
        let revision =
            repository.revision.addingPercentEncoding(withAllowedCharacters: characters)
            ?? HubReference.defaultRevision
        let request = HTTPRequest(
            url: "\(hub.endpoint)/api/\(repository.kind.rawValue)s/\(repository.name)/revision/"
                + "\(revision)?blobs=true", token: hub.token)
        let reply: Reply
        do {
            let data = try Self.body(of: request, repository, context)
            reply = try JSONDecoder().decode(Reply.self, from: data)
        } catch let error as DecodingError {
            throw HubError.unavailable(
                what: request.url, reason: "the answer is not a listing (\(error.reason))")
        }
        // The commit becomes the name of a folder.
        guard HubReference.isCommit(reply.sha) else {
            throw HubError.badCommit(url: request.url, commit: reply.sha)
        }
        commit = reply.sha
        let sizes = (reply.siblings ?? []).compactMap { $0.lfs?.size ?? $0.size }
        guard sizes.allSatisfy({ (0...Self.fileSizeMax).contains($0) }) else {
            throw HubError.unavailable(
                what: request.url, reason: "the answer is not a listing (a size is out of range)")
        }
        files = (reply.siblings ?? []).map { file in
            HubFile(
                path: file.rfilename, size: file.lfs?.size ?? file.size,
                sha256: file.lfs?.sha256, blobID: file.blobId)
        }
    }

    private static func body(
        of request: HTTPRequest, _ repository: HubReference, _ context: TransferContext
    ) throws -> Data {
        var retries = RetryLoop(request.url, context)
        while true {
            var data = Data()
            let outcome = try context.withScratchFile { headers in
                try request.attempt(headers: headers, context) { data.append(contentsOf: $0) }
            }
            switch outcome {
            case .complete: return data
            case .again(let reason, let after):
                try retries.failed(reason, requested: after, progressed: false)
            case .refused(let head):
                throw HubError(
                    refusing: request.url, head, of: repository, hasToken: request.token != nil)
            case .otherFile:
                throw HubError.unavailable(what: request.url, reason: "no listing")
            case .impossible(let reason):
                throw HubError.unavailable(what: request.url, reason: reason)
            }
        }
    }
}
