// Errors of the preparation of data.

import Foundation
package import MoCaCore
package import MoCaHub
import MoCaSystem

/// A failure of this target that reaches a user.
package enum PreparationError: UserFacingError, Hashable {
    // Manifests
    case unreadableManifest(file: String, reason: String)
    case badManifest(file: String, problems: [SettingsProblem])
    case noOutput(file: String)
    /// A pattern of a source that matches no file.
    case nothingMatches(source: String, pattern: String)
    case missingPart(archive: String, part: String)

    // Fetching
    case programMissing(name: String, places: String)
    case gated(repository: String, reason: String)
    case notFound(what: String)
    /// The local folder of a source does not exist.
    case folderMissing(source: String, path: String)
    case refused(url: String, status: Int)
    case unavailable(what: String, reason: String)
    /// A variable of the Hub that cannot be used.
    case badVariable(HubError)
    case wrongSize(file: String, expected: Int, found: Int)
    case wrongHash(file: String, expected: String, found: String)

    // Unpacking
    case badArchive(archive: String, reason: String)
    case unsafeEntry(archive: String, entry: String, reason: String)
    case tooLarge(archive: String, limit: Int)
    case noEntryMatches(archive: String, pattern: String)
    case conflict(archive: String, path: String)

    // The disk
    case notEnoughSpace(folder: String, needed: Int, free: Int)
    case diskFull(path: String)
    case cannotWrite(path: String, reason: String)
    case cannotRead(path: String, reason: String)
    case inUse(folder: String)
    case interrupted(folder: String)

    package var kind: FailureKind {
        switch self {
        case .badManifest, .noOutput, .badVariable: .badConfiguration
        case .unreadableManifest, .nothingMatches, .notFound, .folderMissing: .inputMissing
        case .programMissing, .gated, .refused, .unavailable: .unavailable
        case .missingPart, .wrongSize, .wrongHash, .badArchive, .unsafeEntry, .tooLarge,
            .noEntryMatches:
            .badData
        case .conflict, .notEnoughSpace, .diskFull, .cannotWrite, .inUse: .cannotCreateOutput
        case .cannotRead: .inputOutput
        case .interrupted: .interrupted
        }
    }
}

extension PreparationError {
    package var errorDescription: String? {
        switch self {
        case .unreadableManifest(let file, let reason):
            "manifest cannot be read (\(file)): \(reason)"
        case .badManifest(let file, let problems):
            "manifest cannot be used (\(file)): "
                + problems.map(\.description).joined(separator: "; ")
        case .noOutput(let file):
            "output is missing (\(file)): neither the manifest nor the command names one"
        case .nothingMatches(let source, let pattern):
            "files are missing (\(source)): none fits \(pattern)"
        case .missingPart(let archive, let part):
            "archive is not whole (\(archive)): part \(part) is missing"
        case .programMissing(let name, let places):
            "program is missing (\(name)): it is not in \(places)"
        case .notFound(let what):
            "nothing is there (\(what)): the server does not know it"
        case .folderMissing(let source, let path):
            "folder is missing (\(path)): source \(source) of the manifest names it as its path"
        case .wrongHash(let file, let expected, let found):
            "file has a wrong hash (\(file)): SHA-256 \(found) instead of \(expected)"
        case .badArchive(let archive, let reason):
            "archive cannot be unpacked (\(archive)): \(reason)"
        case .unsafeEntry(let archive, let entry, let reason):
            "archive is refused (\(archive)): entry \(entry): \(reason)"
        case .tooLarge(let archive, let limit):
            "archive is refused (\(archive)): its entries have more than \(limit) bytes"
        case .noEntryMatches(let archive, let pattern):
            "entries are missing (\(archive)): none fits \(pattern)"
        case .conflict(let archive, let path):
            "entry cannot be put in place (\(path)): another file is there than \(archive) has"
        case .inUse(let folder):
            "output is in use (\(folder)): another process prepares data there"
        case .interrupted(let folder):
            "preparation was interrupted (\(folder)): what is finished is kept"
        case .gated, .refused, .unavailable, .badVariable, .wrongSize, .notEnoughSpace, .diskFull,
            .cannotWrite, .cannotRead:
            download?.errorDescription
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .unreadableManifest: "give a YAML file"
        case .badManifest: "correct the keys that are named"
        case .noOutput: "name one, or give the key output"
        case .nothingMatches: "correct the pattern, or the revision"
        case .missingPart: "add it, or name it in the manifest's patterns"
        case .programMissing(let name, _):
            name == "hf"
                ? "run: python3 -m pip install --target .deps huggingface_hub"
                : "install it, and put it in PATH"
        case .notFound: "check name, type and revision; a private one needs HF_TOKEN"
        case .folderMissing: "correct the key path; it is relative to the manifest's folder"
        case .wrongSize, .wrongHash:
            "run it again to fetch the file anew; where that does not help, the manifest or the "
                + "server is wrong"
        case .badArchive: "fetch it anew, or ask its author"
        case .unsafeEntry: "do not use it, or leave the entry out with the key entries"
        case .tooLarge: "raise unpacked_bytes_max if you trust it"
        case .noEntryMatches: "correct the key entries"
        case .conflict: "remove the older file, or unpack into another folder"
        case .notEnoughSpace: "free some, or choose an output on another disk"
        case .inUse: "wait for it, or choose another output"
        case .interrupted: "run the same command again to go on"
        case .gated, .refused, .unavailable, .badVariable, .diskFull, .cannotWrite, .cannotRead:
            download?.recoverySuggestion
        }
    }

    /// The failure as one of a download, whose texts hold here too; nil for what only a preparation
    /// fails with.
    private var download: HubError? {
        switch self {
        case .gated(let name, let reason): .gated(name: name, reason: reason, hasToken: false)
        case .refused(let url, let status): .refused(url: url, status: status)
        case .unavailable(let what, let reason): .unavailable(what: what, reason: reason)
        case .badVariable(let error): error
        case .wrongSize(let file, let expected, let found):
            .wrongSize(file: file, expected: expected, found: found)
        case .notEnoughSpace(let folder, let needed, let free):
            .notEnoughSpace(folder: folder, needed: needed, free: free)
        case .diskFull(let path): .diskFull(path: path)
        case .cannotWrite(let path, let reason): .cannotWrite(path: path, reason: reason)
        case .cannotRead(let path, let reason): .cannotRead(path: path, reason: reason)
        default: nil
        }
    }
}

extension PreparationError {
    /// The error for the last failed system call while writing a file.
    static func writing(_ path: String, _ code: Int32 = errno) -> PreparationError {
        code == ENOSPC || code == EDQUOT
            ? .diskFull(path: path) : .cannotWrite(path: path, reason: systemText(code))
    }

    /// The error for a failed system call while writing a file.
    static func writing(_ error: SystemFileError) -> PreparationError {
        error.cause == .diskFull
            ? .diskFull(path: error.path)
            : .cannotWrite(path: error.path, reason: error.reason)
    }

    /// Runs `body`, which fetches files.
    ///
    /// - Throws: the error of this target for an error of a download, and other errors of `body`.
    static func fetching<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as HubError {
            throw PreparationError(error)
        }
    }

    /// The error for a failed download.
    private init(_ error: HubError) {
        self =
            switch error {
            case .gated(let name, let reason, _): .gated(repository: name, reason: reason)
            case .badToken(let reason): .gated(repository: "HF_TOKEN", reason: reason)
            case .repositoryMissing(let name, _): .notFound(what: name)
            case .revisionMissing(let name, let revision):
                .notFound(what: "\(name), revision \(revision)")
            case .fileMissing(let what): .notFound(what: what)
            case .programMissing(let name): .programMissing(name: name, places: "PATH")
            case .refused(let url, let status): .refused(url: url, status: status)
            case .unavailable(let what, let reason): .unavailable(what: what, reason: reason)
            case .badCommit(let url, _):
                .unavailable(what: url, reason: error.errorDescription ?? "")
            case .wrongSize(let file, let expected, let found):
                .wrongSize(file: file, expected: expected, found: found)
            case .wrongHash(let file, let expected, let found):
                .wrongHash(file: file, expected: expected, found: found)
            case .notEnoughSpace(let folder, let needed, let free):
                .notEnoughSpace(folder: folder, needed: needed, free: free)
            case .diskFull(let path): .diskFull(path: path)
            case .cannotWrite(let path, let reason): .cannotWrite(path: path, reason: reason)
            case .cannotRead(let path, let reason), .unreadableCache(let path, let reason):
                .cannotRead(path: path, reason: reason)
            case .badEndpoint, .badSwitch: .badVariable(error)
            // Models are not prepared: these come from the cache alone.
            case .onlyPickles(let name, _), .noModel(let name, _), .isAdapter(let name),
                .noFolder(let name, _, _), .notCached(let name, _), .otherRevisions(let name, _),
                .needsRequests(let name), .incomplete(let name, _, _), .interrupted(let name):
                .unavailable(what: name, reason: error.errorDescription ?? "")
            }
    }

    /// Runs `body`, which writes files.
    ///
    /// - Throws: `PreparationError.cannotWrite`, `.diskFull`, and other errors of `body`.
    static func writing<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SystemFileError {
            throw writing(error)
        }
    }

    /// The error for the last failed system call while reading a file.
    static func reading(_ path: String, _ code: Int32 = errno) -> PreparationError {
        .cannotRead(path: path, reason: systemText(code))
    }

    private static func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }
}
