import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaHub

/// The cache without any server.
struct CacheTests {
    private let name = HubReference(kind: .model, name: "org/name")

    @Test(arguments: [
        (["HF_HUB_CACHE": "/a", "HF_HOME": "/b"], "/a"), (["HF_HOME": "/b"], "/b/hub"),
        (["HUGGINGFACE_HUB_CACHE": "/c"], "/c"),
        (["XDG_CACHE_HOME": "/x", "HOME": "/h"], "/x/huggingface/hub"),
        (["HOME": "/h"], "/h/.cache/huggingface/hub"),
        (["HF_HOME": "~/hf", "HOME": "/h"], "/h/hf/hub"),
        (["HF_HUB_CACHE": "$BIG/hub", "BIG": "/big"], "/big/hub"),
        (["HF_HUB_CACHE": "", "HF_HOME": "/b"], "/b/hub"),
    ])
    func places(environment: [String: String], path: String) {
        #expect(HubCache(environment).root.path == path)
    }

    @Test(arguments: [
        ("1", true), ("true", true), ("yes", true), ("ON", true), ("0", false), ("", false),
        ("Off", false),
    ])
    func offline(value: String, isOffline: Bool) throws {
        for name in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
            let access = HubAccess([name: value])
            #expect(access.isOffline == isOffline)
            try access.check()
        }
    }

    @Test func variablesThatCannotBeUsed() {
        #expect(throws: HubError.badSwitch(name: "HF_HUB_OFFLINE", value: "y")) {
            try HubAccess(["HF_HUB_OFFLINE": "y"]).check()
        }
        for address in ["127.0.0.1", "localhost/", "//127.0.0.1", "ftp://127.0.0.1"] {
            let access = HubAccess(["HF_ENDPOINT": address])
            #expect(throws: HubError.self) { try access.check() }
        }
        #expect(throws: Never.self) { try HubAccess(["HF_ENDPOINT": "HTTP://127.0.0.1/"]).check() }
    }

    @Test func tokens() throws {
        try withTemporaryFolder { folder in
            let home = folder.path
            #expect(HubAccess(["HF_HOME": home]).token == nil)
            try Data("hf_file\n".utf8).write(to: folder.appending(path: "token"))
            #expect(HubAccess(["HF_HOME": home]).token == "hf_file")
            #expect(HubAccess(["HF_HOME": home, "HF_TOKEN": " hf_env "]).token == "hf_env")
            let path = folder.appending(path: "other")
            try Data("hf_other".utf8).write(to: path)
            #expect(HubAccess(["HF_HOME": home, "HF_TOKEN_PATH": path.path]).token == "hf_other")
            let forbidden = ["HF_HOME": home, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]
            #expect(HubAccess(forbidden).token == nil)
        }
    }

    /// A model in the cache needs neither a server nor permission to use one.
    @Test(arguments: [false, true])
    func aWholeSnapshotMakesNoRequest(isOffline: Bool) throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel, ref: "main")
            let found = try trial.models(isOffline: isOffline).snapshot(name)
            #expect(found.folder.path == trial.snapshot.path)
            #expect(found.name == "org/name" && found.commit == HubTrial.commit)
            #expect(trial.notes.isEmpty)
            let pinned = name.at(HubTrial.commit)
            #expect(try trial.models(isOffline: true).snapshot(pinned) == found)
            #expect(HubSnapshot(found.folder)?.text == "org/name@\(HubTrial.commit)")
        }
    }

    @Test func cachesWithoutRefs() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel, ref: nil)
            let models = trial.models(isOffline: true)
            #expect(try models.snapshot(name).commit == HubTrial.commit)
            #expect(
                hubError { _ = try models.snapshot(name.at("v1")) }
                    == .otherRevisions(name: "org/name@v1", revisions: [HubTrial.commit]))
            // Two snapshots: nothing says which one is main.
            let other = String(repeating: "b", count: 40)
            try trial.fill(wholeModel, commit: other, ref: nil)
            #expect(
                hubError { _ = try models.snapshot(name) }
                    == .otherRevisions(
                        name: "org/name", revisions: [HubTrial.commit, other].sorted()))
            let missing = HubReference(kind: .model, name: "org/other")
            #expect(
                hubError { _ = try models.snapshot(missing) }
                    == .notCached(name: "org/other", cache: trial.cache.path))
            try trial.write(HubTrial.commit + "\n", "home/hub/models--org--name/refs/main")
            #expect(try models.snapshot(name).commit == HubTrial.commit)
            try trial.write("nonsense", "home/hub/models--org--name/refs/main")
            let file = trial.repository.appending(path: "refs/main").path
            #expect(
                hubError { _ = try models.snapshot(name) }
                    == .unreadableCache(path: file, reason: "it holds no commit"))
        }
    }

    @Test func revisionsInFolders() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel, ref: "refs/pr/1")
            let reference = try #require(HubReference(model: "org/name@refs/pr/1"))
            #expect(
                try trial.models(isOffline: true).snapshot(reference).commit == HubTrial.commit)
        }
    }

    @Test(arguments: [
        "config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json",
    ])
    func missingFilesAreNamed(file: String) throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel.filter { $0.key != file }, ref: "main")
            #expect(
                hubError { _ = try trial.models(isOffline: true).snapshot(name) }
                    == .incomplete(
                        name: "org/name", folder: trial.snapshot.path, missing: [file]))
        }
    }

    /// A link whose blob is gone is a missing file.
    @Test func danglingLinks() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel, ref: "main")
            let link = trial.snapshot.appending(path: "model.safetensors")
            try FileManager.default.removeItem(at: link.resolvingSymlinksInPath())
            #expect(
                hubError { _ = try trial.models(isOffline: true).snapshot(name) }
                    == .incomplete(
                        name: "org/name", folder: trial.snapshot.path,
                        missing: ["model.safetensors"]))
        }
    }

    @Test func everyShardOfTheIndex() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            var files = wholeModel
            files["model.safetensors"] = nil
            files["model.safetensors.index.json"] =
                #"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#
            files["model-1.safetensors"] = "one"
            try trial.fill(files, ref: "main")
            #expect(
                hubError { _ = try trial.models(isOffline: true).snapshot(name) }
                    == .incomplete(
                        name: "org/name", folder: trial.snapshot.path,
                        missing: ["model-2.safetensors"]))
        }
    }

    /// What decides the vectors must not be missing without a word.
    @Test func anUnknownContractIsNoted() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel.filter { $0.key != "moca.json" }, ref: "main")
            _ = try trial.models().snapshot(name)
            #expect(trial.notes.count == 1 && trial.notes[0].contains("an update of"))
            // Python's marks and listings tell.
            let marks = "home/hub/models--org--name/.no_exist/\(HubTrial.commit)"
            try trial.write("", "\(marks)/moca.json")
            try trial.write("", "\(marks)/modules.json")
            _ = try trial.models().snapshot(name)
            #expect(trial.notes.count == 1)
            let listing = #"{"format_version": 1, "files": {"modules.json": {"size": 2}}}"#
            try FileManager.default.removeItem(at: folder.appending(path: marks))
            try trial.write(
                listing, "home/hub/models--org--name/trees/\(HubTrial.commit).json")
            #expect(
                hubError { _ = try trial.models(isOffline: true).snapshot(name) }
                    == .incomplete(
                        name: "org/name", folder: trial.snapshot.path, missing: ["modules.json"]))
        }
    }

    @Test func aFolderOfTheNameWins() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            try trial.fill(wholeModel, ref: "main")
            let local = folder.appending(path: "local").path
            #expect(ModelName(local) == .folder(URL(fileURLWithPath: local, isDirectory: true)))
            #expect(ModelName("org/name") == .hub(name))
            // The tests run in the root of the package, which has such a folder.
            #expect(
                FileManager.default.fileExists(atPath: "models/nano")
                    == (ModelName("models/nano")
                        == .folder(URL(fileURLWithPath: "models/nano", isDirectory: true))))
        }
    }

    @Test func lists() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            #expect(try trial.models().cache.models().isEmpty)
            try trial.fill(wholeModel, ref: "main")
            let adapter = ["adapter_config.json": "{}", "adapter_model.safetensors": "12345"]
            try trial.fill(adapter, commit: String(repeating: "c", count: 40), ref: "refs/pr/2")
            try trial.write("x", "home/hub/datasets--a--b/refs/main")
            let models = try trial.models().cache.models()
            #expect(models.map(\.name) == ["org/name", "org/name"])
            #expect(models.map(\.kind) == ["qwen2_5_vl", "adapter"])
            #expect(models.map(\.revisions) == [["main"], ["refs/pr/2"]])
            #expect(models.map(\.isComplete) == [true, true])
            #expect(models[1].bytes == 7 && models[0].path == trial.snapshot.path)
        }
    }
}
