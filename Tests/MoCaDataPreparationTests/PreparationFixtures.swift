import Foundation
import MoCaCore
import MoCaHub
import MoCaSystem
import MoCaTestSupport
import Synchronization
import Testing

@testable import MoCaDataPreparation

/// The root of the package.
let packageRoot = Repository.root

/// Archives that `scripts/fixtures/archives.py` made.
let archives = packageRoot.appending(path: "Tests/Fixtures/archives")

/// Where huggingface_hub may be unpacked.
let deps = URL(
    fileURLWithPath: ProcessInfo.processInfo.environment["MOCA_DEPS"]
        ?? packageRoot.appending(path: ".deps").path)

/// Whether the program `hf` is here.
let hasHub: Bool = {
    ChildProgram.find("hf", PreparationOptions().environment, folders: [deps]) != nil
}()

/// `Tests/Fixtures/archives`: what a good entry holds.
func content(_ name: String) -> String {
    String(String(repeating: name, count: 300).prefix(100 * name.count))
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

func write(_ data: Data, to url: URL) throws {
    try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
}

func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

/// Paths of the files below a folder that are data.
func files(in folder: URL) throws -> [String] {
    var paths: [String] = []
    try FolderWalk.forEachFile(in: folder) { path, _, _ in
        if !path.hasPrefix(InnerPath.workFolder) { paths.append(path) }
    }
    return paths
}

/// SHA-256 of bytes, in one piece.
func sha256(_ data: Data) -> String {
    var hash = SHA256()
    data.withUnsafeBytes { hash.add($0) }
    return hash.hexadecimal
}

/// A manifest that is carried out in a folder.
struct Trial {
    let folder: URL
    var options = PreparationOptions()
    var output: URL { folder.appending(path: "output") }

    init(_ folder: URL, hub: ImitationHub? = nil) {
        self.folder = folder
        options.jobs = 2
        options.programFolders = [deps]
        options.retries.firstDelay = 0.01
        options.retries.longestDelay = 0.05
        options.environment["HF_ENDPOINT"] = hub?.address
        options.environment["HF_TOKEN"] = nil
        options.environment["HF_HOME"] = folder.appending(path: "hf-home").path
    }

    func preparation(
        _ yaml: String, isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> DataPreparation {
        let manifest = try DataManifest(
            yaml: yaml, file: folder.appending(path: "manifest.yaml"))
        return try DataPreparation(
            manifest, output: output, options: options, isInterrupted: isInterrupted)
    }

    @discardableResult
    func run(
        _ yaml: String, isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> PreparationReport {
        var result: PreparationReport?
        try preparation(yaml, isInterrupted: isInterrupted).run { result = $0 }
        return try #require(result)
    }
}
