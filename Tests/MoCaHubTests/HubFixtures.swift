import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Synchronization
import Testing

@testable import MoCaHub

/// A cache in a folder of its own, and the notes of its downloads.
final class HubTrial: Sendable {
    static let commit = "0123456789abcdef0123456789abcdef01234567"
    let folder: URL
    let address: String
    private let log = Mutex<[String]>([])

    init(_ folder: URL, _ hub: ImitationHub? = nil) {
        self.folder = folder
        address = hub?.address ?? "http://127.0.0.1:1"
    }

    var notes: [String] { log.withLock { $0 } }
    var cache: URL { folder.appending(path: "home/hub") }
    var repository: URL { cache.appending(path: "models--org--name") }
    var snapshot: URL { repository.appending(path: "snapshots/\(Self.commit)") }

    func models(
        isOffline: Bool = false, _ environment: [String: String] = [:],
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) -> HubModels {
        var all = ["PATH": "/usr/bin:/bin", "HF_ENDPOINT": address]
        all["HF_HOME"] = folder.appending(path: "home").path
        all.merge(environment) { $1 }
        var retries = RetryPolicy()
        retries.failuresMax = 3
        retries.firstDelay = 0.01
        return HubModels(
            environment: all, isOffline: isOffline, retries: retries,
            progress: { progress in
                if let note = progress.note { self.log.withLock { $0.append(note) } }
            }, isInterrupted: isInterrupted)
    }

    func write(_ text: String, _ path: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// A cache as Python makes it, with links into blobs.
    func fill(_ files: [String: String], commit: String = HubTrial.commit, ref: String?) throws {
        for (path, text) in files {
            let tag = String(ContentID(of: path + text).text)
            try write(text, "home/hub/models--org--name/blobs/\(tag)")
            let link = repository.appending(path: "snapshots/\(commit)/\(path)")
            try FileManager.default.createDirectory(
                at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
            let depth = path.split(separator: "/").count + 1
            try FileManager.default.createSymbolicLink(
                atPath: link.path,
                withDestinationPath: String(repeating: "../", count: depth) + "blobs/\(tag)")
        }
        if let ref { try write(commit, "home/hub/models--org--name/refs/\(ref)") }
    }
}

/// The files of a small model that is whole.
let wholeModel = [
    "config.json": "{\"model_type\": \"qwen2_5_vl\"}", "model.safetensors": "weights",
    "tokenizer.json": "{}", "preprocessor_config.json": "{}", "moca.json": "{}",
]

/// The error of a body; nil if it returns.
func hubError(_ body: () throws -> Void) -> HubError? {
    do {
        try body()
        return nil
    } catch {
        return error as? HubError
    }
}

/// Bytes that look random and are the same every time.
func noise(_ count: Int, seed: UInt64 = 1) -> Data {
    var state = seed
    return Data(
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 56)
        })
}

func withHub(_ body: (ImitationHub, HubTrial) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let hub = try ImitationHub(serving: folder.appending(path: "hub"))
        try body(hub, HubTrial(folder, hub))
    }
}

func put(_ files: [String: Data], in hub: ImitationHub, _ name: String = "org/name") throws {
    for (path, data) in files { try hub.put(data, "models/\(name)/\(path)") }
}
