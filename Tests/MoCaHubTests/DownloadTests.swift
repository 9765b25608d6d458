import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Testing

@testable import MoCaHub

/// Against `scripts/tests/imitation-hub.py`, which fails as servers do.
@Suite(.serialized) struct DownloadTests {
    private let name = HubReference(kind: .model, name: "org/name")
    private let weights = noise(300_000)
    private let cdn = "/cdn/models/org/name/model.safetensors"

    private var model: [String: Data] {
        [
            "config.json": Data(#"{"model_type": "qwen2_5_vl"}"#.utf8),
            "model.safetensors": weights, "tokenizer.json": noise(2000, seed: 2),
            "modules.json": Data("[]".utf8), "1_Pooling/config.json": Data("{}".utf8),
            "README.md": Data("# A model".utf8), "pytorch_model.bin": noise(500),
            "model.fp16.safetensors": noise(500), "onnx/config.json": Data("{}".utf8),
            ".gitattributes": Data("x".utf8), "evil.py": Data("x".utf8),
        ]
    }

    private func paths(_ trial: HubTrial) -> [String] {
        HubCache.paths(below: trial.snapshot).sorted()
    }

    @Test func theFilesOfAModel() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            let found = try trial.models().snapshot(name)
            #expect(found.folder.path == trial.snapshot.path)
            #expect(
                paths(trial) == [
                    "1_Pooling/config.json", "README.md", "config.json", "model.safetensors",
                    "modules.json", "tokenizer.json",
                ])
            for path in paths(trial) {
                #expect(try Data(contentsOf: trial.snapshot.appending(path: path)) == model[path])
            }
            let link = trial.snapshot.appending(path: "1_Pooling/config.json").path
            let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
            #expect(target.hasPrefix("../../../blobs/"))
            var hash = SHA256()
            hash.add(weights)
            let blobs = try FileManager.default.contentsOfDirectory(
                atPath: trial.repository.path + "/blobs")
            #expect(blobs.contains(hash.hexadecimal) && blobs.count == 6, "\(blobs)")
            let ref = trial.repository.appending(path: "refs/main")
            #expect(try String(contentsOf: ref, encoding: .utf8) == HubTrial.commit)
            // The commit has no moca.json: nobody asks again.
            let mark = trial.repository.path + "/.no_exist/\(HubTrial.commit)/moca.json"
            #expect(FileManager.default.fileExists(atPath: mark))
            let count = try hub.requests().count
            #expect(try trial.models().snapshot(name) == found)
            #expect(try hub.requests().count == count && trial.notes.isEmpty)
        }
    }

    @Test func cutConnectionsAreContinued() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            try hub.fail("{\"\(cdn)\": {\"cuts\": [100000, 70000]}}")
            _ = try trial.models().snapshot(name)
            let file = trial.snapshot.appending(path: "model.safetensors")
            #expect(try Data(contentsOf: file) == weights)
            #expect(
                try hub.requests().filter { $0.contains(cdn) } == [
                    "GET \(cdn) - 200", "GET \(cdn) bytes=100000- 206",
                    "GET \(cdn) bytes=170000- 206",
                ])
        }
    }

    /// A partial file of an earlier run, also of another program, is continued.
    @Test func partialFilesAreContinued() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            var hash = SHA256()
            hash.add(weights)
            let partial = trial.repository.appending(
                path: "blobs/\(hash.hexadecimal).incomplete")
            try trial.write("", "home/hub/models--org--name/blobs/x")
            try weights.prefix(123_456).write(to: partial)
            #expect(
                try trial.models().needs(name).missingBytes
                    == trial.models().needs(name).bytes - 123_456)
            _ = try trial.models().snapshot(name)
            #expect(
                try hub.requests().filter { $0.contains(cdn) }
                    == ["GET \(cdn) bytes=123456- 206"])
            #expect(!FileManager.default.fileExists(atPath: partial.path))
        }
    }

    @Test func wrongHashesAreRefused() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            let wrong = String(repeating: "0", count: 64)
            try hub.fail("{\"hash of model.safetensors\": {\"sha256\": \"\(wrong)\"}}")
            var hash = SHA256()
            hash.add(weights)
            #expect(
                hubError { _ = try trial.models().snapshot(name) }
                    == .wrongHash(
                        file: "org/name/model.safetensors", expected: wrong,
                        found: hash.hexadecimal))
            #expect(
                !FileManager.default.fileExists(
                    atPath: trial.snapshot.appending(path: "model.safetensors").path))
            // What was fetched before is kept, and is not taken for the model.
            #expect(throws: HubError.self) { try trial.models(isOffline: true).snapshot(name) }
        }
    }

    @Test func shardsOfTheIndexAlone() throws {
        try withHub { hub, trial in
            var files = model
            files["model.safetensors"] = nil
            files["model.safetensors.index.json"] = Data(
                #"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#
                    .utf8)
            files["model-00001-of-00002.safetensors"] = noise(1000, seed: 3)
            files["model-00002-of-00002.safetensors"] = noise(2000, seed: 4)
            files["consolidated.safetensors"] = noise(3000, seed: 5)
            try put(files, in: hub)
            let needs = try trial.models().needs(name)
            #expect(needs.files.map(\.path).contains("model-00002-of-00002.safetensors"))
            #expect(!needs.files.map(\.path).contains("consolidated.safetensors"))
            #expect(needs.commit == HubTrial.commit && needs.bytes == needs.missingBytes)
            #expect(!FileManager.default.fileExists(atPath: trial.snapshot.path))
            _ = try trial.models().snapshot(name)
            #expect(paths(trial).filter { $0.hasSuffix(".safetensors") }.count == 2)
            #expect(try trial.models(isOffline: true).snapshot(name).commit == HubTrial.commit)
            // A shard that the repository lacks.
            try FileManager.default.removeItem(
                at: hub.root.appending(
                    path: "models/org/name/model-00001-of-00002.safetensors"))
            try FileManager.default.removeItem(at: trial.cache)
            #expect(
                hubError { _ = try trial.models().snapshot(name) }
                    == .noModel(
                        name: "org/name",
                        reason: "model.safetensors.index.json names "
                            + "model-00001-of-00002.safetensors, which is not there"))
        }
    }

    @Test func picklesAreRefused() throws {
        try withHub { hub, trial in
            var files = model
            files["model.safetensors"] = nil
            try put(files, in: hub)
            let error = hubError { _ = try trial.models().snapshot(name) }
            #expect(error == .onlyPickles(name: "org/name", file: "pytorch_model.bin"))
            #expect(error?.kind.rawValue == 65)
            #expect(try hub.requests().count == 1)
            try FileManager.default.removeItem(
                at: hub.root.appending(path: "models/org/name/pytorch_model.bin"))
            #expect(
                hubError { _ = try trial.models().snapshot(name) }
                    == .noModel(
                        name: "org/name",
                        reason: "there is neither model.safetensors nor its index"))
        }
    }

    @Test func anAdapterIsNoModel() throws {
        try withHub { hub, trial in
            let files = [
                "adapter_config.json": Data("{}".utf8), "adapter_model.safetensors": noise(100),
            ]
            try put(files, in: hub)
            #expect(
                hubError { _ = try trial.models().snapshot(name) } == .isAdapter(name: "org/name"))
            #expect(throws: Never.self) { try trial.models().snapshot(name, .adapter) }
        }
    }

    @Test func refusalsAreToldApart() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            let api = "/api/models/org/name/revision/main"
            let token = ["HF_TOKEN": "secret"]
            func refusal(_ fault: String, _ environment: [String: String] = [:]) throws -> HubError?
            {
                try hub.fail("{\"\(api)\": {\(fault)}}")
                return hubError { _ = try trial.models(environment).snapshot(name) }
            }
            for (status, hasToken) in [(401, false), (403, true)] {
                #expect(
                    try refusal("\"always\": \(status)", hasToken ? token : [:])
                        == .gated(
                            name: "org/name", reason: "the Hub answers with status \(status)",
                            hasToken: hasToken))
            }
            #expect(
                try refusal("\"always\": 401, \"code\": \"\"")
                    == .repositoryMissing(name: "org/name", hasToken: false))
            #expect(
                try refusal("\"always\": 404, \"code\": \"RepoNotFound\"", token)
                    == .repositoryMissing(name: "org/name", hasToken: true))
            let words = "Invalid credentials in Authorization header"
            #expect(
                try refusal("\"always\": 401, \"code\": \"\", \"message\": \"\(words)\"", token)
                    == .badToken(reason: words))
            try hub.fail("{}")
            #expect(
                hubError { _ = try trial.models().snapshot(name.at("v9")) }
                    == .revisionMissing(name: "org/name", revision: "v9"))
            let other = HubReference(kind: .model, name: "org/other")
            #expect(
                hubError { _ = try trial.models().snapshot(other) }
                    == .repositoryMissing(name: "org/other", hasToken: false))
            let file = "/org/name/resolve/\(HubTrial.commit)/config.json"
            try hub.fail("{\"\(file)\": {\"always\": 403}}")
            #expect(
                hubError { _ = try trial.models().snapshot(name) }
                    == .gated(
                        name: "org/name",
                        reason: "the Hub answers with status 403 to config.json",
                        hasToken: false))
        }
    }

    @Test func tokensStayWithTheHub() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            try trial.write("from the file", "home/token")
            _ = try trial.models().snapshot(name)
            let secrets = try String(
                contentsOf: hub.root.appending(path: "secrets.log"), encoding: .utf8)
            #expect(secrets.contains("/api/models") && secrets.contains("/resolve/"))
            #expect(!secrets.contains("/cdn/"))
        }
    }

    @Test func otherRevisions() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            var second = model
            second["config.json"] = Data(#"{"model_type": "qwen2_5_vl", "v": 2}"#.utf8)
            try put(second, in: hub, "org/name@v2")
            let one = try trial.models().snapshot(name)
            let two = try trial.models().snapshot(name.at("v2"))
            #expect(one.commit != two.commit)
            // Equal weights are fetched and kept once.
            #expect(try hub.requests().filter { $0.contains("GET /cdn/") }.count == 2)
            let offline = trial.models(isOffline: true)
            #expect(try offline.snapshot(name.at(two.commit)) == two)
            #expect(try offline.snapshot(name) == one)
            let revisions = try offline.cache.models().flatMap(\.revisions)
            #expect(revisions.sorted() == ["main", "v2"])
        }
    }

    /// What the cache has is not asked about again, until somebody asks for it.
    @Test func updates() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            let old = String(repeating: "b", count: 40)
            try trial.fill(wholeModel, commit: old, ref: "main")
            #expect(try trial.models().snapshot(name).commit == old)
            #expect(try trial.models().update(name).commit == HubTrial.commit)
            #expect(try trial.models(isOffline: true).snapshot(name).commit == HubTrial.commit)
            #expect(
                hubError { _ = try trial.models(isOffline: true).update(name) }
                    == .needsRequests(name: "org/name"))
        }
    }

    /// The next run completes the snapshot of its commit, and writes what `main` stands for.
    @Test func interruptedFirstDownloads() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            try trial.fill(["config.json": "{}"], ref: nil)
            let ref = trial.repository.appending(path: "refs/main")
            #expect(!FileManager.default.fileExists(atPath: ref.path))
            #expect(try trial.models().snapshot(name).commit == HubTrial.commit)
            #expect(try String(contentsOf: ref, encoding: .utf8) == HubTrial.commit)
            let listings = try hub.requests().filter { $0.contains("/api/") }
            #expect(listings.count == 1 && listings[0].contains(HubTrial.commit), "\(listings)")
        }
    }

    /// A snapshot that lacks files is completed at its own commit.
    @Test func incompleteSnapshotsAreCompleted() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            try trial.fill(["config.json": "{}", "tokenizer.json": "{}"], ref: "main")
            let found = try trial.models().snapshot(name)
            #expect(found.commit == HubTrial.commit)
            let file = trial.snapshot.appending(path: "model.safetensors")
            #expect(try Data(contentsOf: file) == weights)
            // What is there stays as it is.
            let kept = trial.snapshot.appending(path: "config.json")
            #expect(try Data(contentsOf: kept) == Data("{}".utf8))
        }
    }

    @Test func locksOfOtherProgramsAreWaitedFor() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            var hash = SHA256()
            hash.add(weights)
            let path = "home/hub/.locks/models--org--name/\(hash.hexadecimal).lock"
            try trial.write("", path)
            var lock: FileLock? = try FileLock(trial.folder.appending(path: path))
            let name = name
            let thread = DedicatedThread(name: "test") { try trial.models().snapshot(name) }
            #expect(!thread.join(atMost: .seconds(1)))
            #expect(trial.notes == ["org/name: another process fetches it; waiting"])
            withExtendedLifetime(lock) {}
            lock = nil
            #expect(try thread.value().commit == HubTrial.commit)
        }
    }

    @Test func aServerThatIsAway() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            guard
                case .unavailable(let what, _) = hubError({
                    _ = try trial.models().snapshot(name)
                })
            else {
                Issue.record("no error")
                return
            }
            #expect(what.hasPrefix("http://127.0.0.1:1/api/models/org/name"))
            #expect(trial.notes.count == 2)
            #expect(
                hubError { _ = try trial.models(["HF_HUB_OFFLINE": "1"]).snapshot(name) }
                    == .notCached(name: "org/name", cache: trial.cache.path))
        }
    }

    @Test func busyServersAreAskedAgain() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            try hub.fail(
                "{\"/api/models/org/name/revision/main\": {\"statuses\": [503, 429]}, "
                    + "\"\(cdn)\": {\"statuses\": [500]}}")
            #expect(try trial.models().snapshot(name).commit == HubTrial.commit)
        }
    }

    @Test func interruptions() throws {
        try withHub { hub, trial in
            try put(model, in: hub)
            #expect(
                hubError {
                    _ = try trial.models(isInterrupted: { true }).snapshot(name)
                } == .interrupted(name: "the Hub"))
        }
    }
}
