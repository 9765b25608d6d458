// The contents of a Hub repository, from one request to its API.

import Foundation
import MoCaSettings

/// Paths, sizes and hashes of the files of one commit.
struct HubListing {
    let commit: String
    let files: [ListedFile]

    private struct Reply: Decodable {
        struct Sibling: Decodable {
            struct LargeFile: Decodable {
                let sha256: String?
                let size: Int?
            }
            let rfilename: String
            let size: Int?
            let lfs: LargeFile?
        }
        let sha: String
        let siblings: [Sibling]?
    }

    /// Requests the listing from the Hub.
    ///
    /// - Throws: `PreparationError.gated`, `.notFound`, `.unavailable`, `.interrupted`.
    init(_ repository: HubRepository, _ context: PreparationContext) throws {
        let hub = HubAccess(context.options.environment)
        let characters = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_."))
        let revision =
            repository.revision.addingPercentEncoding(withAllowedCharacters: characters) ?? "main"
        let request = HTTPRequest(
            url: "\(hub.endpoint)/api/\(repository.kind.rawValue)s/\(repository.name)/revision/"
                + "\(revision)?blobs=true", token: hub.token)
        let reply: Reply
        do {
            let data = try Self.body(of: request, repository, context)
            reply = try JSONDecoder().decode(Reply.self, from: data)
        } catch let error as DecodingError {
            throw PreparationError.unavailable(
                what: request.url, reason: "the answer is not a listing (\(error.reason))")
        }
        commit = reply.sha
        files = (reply.siblings ?? []).map { file in
            ListedFile(
                path: file.rfilename, size: file.lfs?.size ?? file.size, sha256: file.lfs?.sha256)
        }
    }

    private static func body(
        of request: HTTPRequest, _ repository: HubRepository, _ context: PreparationContext
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
            case .refused(let status) where status == 401 || status == 403:
                throw PreparationError.gated(
                    repository: repository.name, reason: "the Hub answers with status \(status)")
            case .refused(404):
                throw PreparationError.notFound(
                    what: "\(repository.name), \(repository.kind), revision "
                        + repository.revision)
            case .refused(let status):
                throw PreparationError.refused(url: request.url, status: status)
            case .otherFile:
                throw PreparationError.unavailable(what: request.url, reason: "no listing")
            case .impossible(let reason):
                throw PreparationError.unavailable(what: request.url, reason: reason)
            }
        }
    }
}

extension HubRepository {
    /// The URL of a file of a commit.
    func address(of file: ListedFile, commit: String, _ hub: HubAccess) -> String {
        let characters = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: ";"))
        let path = file.path.addingPercentEncoding(withAllowedCharacters: characters) ?? file.path
        let folder = kind == .dataset ? "/datasets" : ""
        return "\(hub.endpoint)\(folder)/\(name)/resolve/\(commit)/\(path)"
    }
}

/// The Hub's endpoint and the user's token, from the variables of huggingface_hub.
struct HubAccess {
    let endpoint: String
    let token: String?

    init(_ environment: [String: String]) {
        let given = environment["HF_ENDPOINT"] ?? ""
        let text = given.isEmpty ? "https://huggingface.co" : given
        endpoint = text.hasSuffix("/") ? String(text.dropLast()) : text
        let home = environment["HOME"] ?? NSHomeDirectory()
        let cache = environment["XDG_CACHE_HOME"] ?? "\(home)/.cache"
        let folder = environment["HF_HOME"] ?? "\(cache)/huggingface"
        let file = environment["HF_TOKEN_PATH"] ?? "\(folder)/token"
        // Written by `hf auth login`; most machines have none.
        let saved = FileManager.default.contents(atPath: file).map {
            String(decoding: $0, as: UTF8.self)
        }
        let token = (environment["HF_TOKEN"] ?? saved ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        self.token = token.isEmpty ? nil : token
    }
}
