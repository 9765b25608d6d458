// Errors of downloads and of the Hub's cache.

package import Foundation
package import MoCaCore

/// A failure of this target that reaches a user.
package enum HubError: UserFacingError, Hashable {
    // The repository
    /// A repository that does not exist, or is hidden from users without access.
    case repositoryMissing(name: String, hasToken: Bool)
    case revisionMissing(name: String, revision: String)
    /// A file that the server does not have.
    case fileMissing(what: String)
    case gated(name: String, reason: String, hasToken: Bool)
    case badToken(reason: String)
    /// A model whose weights are stored as pickles only.
    case onlyPickles(name: String, file: String)
    /// A repository without the files of a model.
    case noModel(name: String, reason: String)
    /// An adapter where a model is needed.
    case isAdapter(name: String)
    /// A path of no folder, which begins or looks like one that exists, and the reason why the Hub
    /// has no model of this name.
    indirect case noFolder(path: String, similar: [String], HubError)

    // The server
    /// A value of `HF_ENDPOINT` that is no address.
    case badEndpoint(String)
    /// A value of a variable that is neither yes nor no.
    case badSwitch(name: String, value: String)
    case programMissing(name: String)
    case refused(url: String, status: Int)
    case unavailable(what: String, reason: String)
    /// A listing whose commit is not a full hash.
    case badCommit(url: String, commit: String)
    case wrongSize(file: String, expected: Int, found: Int)
    case wrongHash(file: String, expected: String, found: String)

    // The cache
    /// A model that is not in the cache, while the network is forbidden.
    case notCached(name: String, cache: String)
    /// A model of which the cache has other revisions, while the network is forbidden.
    case otherRevisions(name: String, revisions: [String])
    /// An update of a model, while the network is forbidden.
    case needsRequests(name: String)
    /// A snapshot that lacks files, while the network is forbidden.
    case incomplete(name: String, folder: String, missing: [String])
    case unreadableCache(path: String, reason: String)

    // The disk
    case notEnoughSpace(folder: String, needed: Int, free: Int)
    case diskFull(path: String)
    case cannotWrite(path: String, reason: String)
    case cannotRead(path: String, reason: String)
    case interrupted(name: String)

    package var kind: FailureKind {
        switch self {
        case .repositoryMissing, .revisionMissing, .fileMissing, .notCached, .otherRevisions,
            .incomplete:
            .inputMissing
        case .noFolder(_, _, let cause): cause.kind
        case .badEndpoint, .badSwitch: .badConfiguration
        case .gated, .badToken, .programMissing, .refused, .unavailable, .badCommit,
            .needsRequests:
            .unavailable
        case .onlyPickles, .noModel, .isAdapter, .wrongSize, .wrongHash: .badData
        case .notEnoughSpace, .diskFull, .cannotWrite: .cannotCreateOutput
        case .cannotRead, .unreadableCache: .inputOutput
        case .interrupted: .interrupted
        }
    }
}

extension HubError {
    package var errorDescription: String? {
        switch self {
        case .repositoryMissing(let name, let hasToken):
            "repository is missing (\(name)): there is no folder of this name, and the Hub "
                + (hasToken ? "does not show it to this token" : "does not know it or hides it")
        case .revisionMissing(let name, let revision):
            "revision is missing (\(name)@\(revision)): the repository has no such branch, tag or "
                + "commit"
        case .fileMissing(let what):
            "file is missing (\(what)): the server does not have it"
        case .gated(let name, let reason, _):
            "repository is gated (\(name)): \(reason)"
        case .badToken(let reason):
            "token is refused (HF_TOKEN): \(reason)"
        case .onlyPickles(let name, let file):
            "model is refused (\(name)): its weights are pickles (\(file)), which can run any "
                + "program when they are read"
        case .noModel(let name, let reason):
            "repository has no model (\(name)): \(reason)"
        case .isAdapter(let name):
            "repository has no model (\(name)): it is an adapter, which belongs to a model"
        case .noFolder(let path, let similar, let cause):
            "model is missing (\(path)): there is no such folder"
                + (similar.isEmpty ? "" : ", but \(Self.list(similar))")
                + ", and the Hub has no model for the name: \(cause.errorDescription ?? "")"
        case .badEndpoint(let text):
            "address of the Hub cannot be used (HF_ENDPOINT): it is \(text.debugDescription), "
                + "which does not begin with https:// or http://"
        case .badSwitch(let name, let value):
            "variable cannot be used (\(name)): it is \(value.debugDescription), which is neither "
                + "yes nor no"
        case .programMissing(let name):
            "program is missing (\(name)): it is not in PATH"
        case .refused(let url, let status):
            "server refuses (\(url)): status \(status)"
        case .unavailable(let what, let reason):
            "server is not available (\(what)): \(reason)"
        case .badCommit(let url, let commit):
            "listing has no usable commit (\(url)): \(commit.prefix(80).debugDescription) is not "
                + "40 hexadecimal digits"
        case .wrongSize(let file, let expected, let found):
            "file has a wrong size (\(file)): \(found) bytes instead of \(expected)"
        case .wrongHash(let file, let expected, let found):
            "file has a wrong hash (\(file)): \(found) instead of \(expected)"
        case .notCached(let name, let cache):
            "model is not in the cache (\(name)): \(cache) lacks it, and requests are forbidden"
        case .otherRevisions(let name, let revisions):
            "revision is not in the cache (\(name)): the cache has \(Self.list(revisions)) of it, "
                + "and requests are forbidden"
        case .needsRequests(let name):
            "model cannot be updated (\(name)): an update asks the Hub, and requests are forbidden"
        case .incomplete(let name, let folder, let missing):
            "model in the cache is incomplete (\(name)): \(folder) lacks \(Self.list(missing)), "
                + "and requests are forbidden"
        case .unreadableCache(let path, let reason):
            "cache cannot be read (\(path)): \(reason)"
        case .notEnoughSpace(let folder, let needed, let free):
            "disk is too small (\(folder)): \(needed) bytes are needed, \(free) are free"
        case .diskFull(let path):
            "disk is full (\(path)): nothing more can be written"
        case .cannotWrite(let path, let reason):
            "file cannot be written (\(path)): \(reason)"
        case .cannotRead(let path, let reason):
            "file cannot be read (\(path)): \(reason)"
        case .interrupted(let name):
            "download was interrupted (\(name)): what is finished is kept"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .repositoryMissing(_, let hasToken):
            hasToken
                ? "check the name, and whether the token may read it"
                : "check the name; a private one needs HF_TOKEN"
        case .revisionMissing: "correct what follows @; without it, main is used"
        case .fileMissing: "check the name, or another revision"
        case .gated(let name, _, let hasToken):
            hasToken
                ? "accept the terms on the page of \(name) as the user of the token"
                : "accept the terms on the page of \(name), and set HF_TOKEN to a token of yours"
        case .badToken: "set HF_TOKEN to a valid token, or unset it"
        case .onlyPickles:
            "name a revision with safetensors (conversions often are at @refs/pr/1), or convert it "
                + "with transformers' save_pretrained"
        case .noModel: "name a repository of a model in Hugging Face layout"
        case .isAdapter:
            "give it as the adapter of the model that base_model_name_or_path of its "
                + "adapter_config.json names"
        case .noFolder(_, _, let cause):
            "correct the path, or \(cause.recoverySuggestion ?? "the name")"
        case .badEndpoint: "write the whole address, such as https://huggingface.co"
        case .badSwitch: "set it to 1, true, yes or on, or to 0, false, no or off"
        case .programMissing: "install it, and put it in PATH"
        case .refused: "open the address in a browser to see what it asks for"
        case .unavailable, .interrupted: "run the same command again to go on"
        case .badCommit: "check HF_ENDPOINT: the server does not answer as the Hub does"
        case .needsRequests: "allow requests (no offline setting, HF_HUB_OFFLINE unset)"
        case .wrongSize, .wrongHash:
            "run it again to fetch the file anew; where that does not help, the server is wrong"
        case .otherRevisions:
            "name one of these after @, or allow requests (no offline setting, HF_HUB_OFFLINE "
                + "unset)"
        case .notCached, .incomplete:
            "allow requests (no offline setting, HF_HUB_OFFLINE unset), or copy a complete cache"
        case .unreadableCache: "check HF_HUB_CACHE and HF_HOME, and the permissions"
        case .notEnoughSpace: "free some, or set HF_HUB_CACHE to a folder on another disk"
        case .diskFull: "free some, and run the same command again to go on"
        case .cannotWrite: "check the path and its permissions"
        case .cannotRead: "check the file and its permissions"
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(4).joined(separator: ", ")
        return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
    }
}
