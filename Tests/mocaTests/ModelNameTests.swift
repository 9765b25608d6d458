import Foundation
import MoCaTestSupport
import Testing

/// Commands that take a model of the Hub by its name, against a local imitation of the Hub.
@Suite(.serialized) struct ModelNameTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"

    /// A server with the tiny model as `org/tiny`, and an empty cache.
    private struct Trial {
        let folder: URL
        let hub: ImitationHub

        init(_ folder: URL) throws {
            self.folder = folder
            hub = try ImitationHub(serving: folder.appending(path: "hub"))
            for name in try FileManager.default.contentsOfDirectory(atPath: checkpoint.path) {
                try hub.put(
                    Data(contentsOf: checkpoint.appending(path: name)), "models/org/tiny/\(name)")
            }
        }

        var snapshot: String {
            folder.path + "/cache/hub/models--org--tiny/snapshots/\(ModelNameTests.commit)"
        }

        func run(_ arguments: String..., environment: [String: String] = [:]) throws -> RunResult {
            var all = ["HF_ENDPOINT": hub.address, "HF_HOME": folder.path + "/cache"]
            for name in ["HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"] {
                all[name] = ""
            }
            return try BuiltProgram.run(
                arguments, environment: all.merging(environment) { $1 }, in: folder)
        }

        func requestCount() throws -> Int {
            let log = hub.root.appending(path: "requests.log")
            return FileManager.default.fileExists(atPath: log.path) ? try hub.requests().count : 0
        }
    }

    private func withTrial(_ body: (Trial) throws -> Void) throws {
        try withTemporaryFolder { try body(Trial($0)) }
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    @Test func infoBeforeAndAfter() throws {
        try withTrial { trial in
            let before = try trial.run("model", "info", "--model", "org/tiny", "--json")
            #expect(before.status == 0, "\(before.errors)")
            let needs = try json(before.output)
            #expect(needs["cached"] as? Bool == false && needs["commit"] as? String == Self.commit)
            let bytes = try #require(needs["bytes"] as? Int)
            #expect(bytes > 0 && needs["missing_bytes"] as? Int == bytes)
            #expect(!FileManager.default.fileExists(atPath: trial.snapshot))
            let text = try trial.run("model", "info", "--model", "org/tiny")
            #expect(text.output.hasPrefix("org/tiny is not in the cache\n"))
            let fetched = try trial.run("model", "fetch", "org/tiny")
            #expect(fetched.status == 0 && fetched.output == trial.snapshot + "\n", "\(fetched)")
            let count = try trial.requestCount()
            let after = try json(
                try trial.run("model", "info", "--model", "org/tiny", "--json").output)
            #expect(after["name"] as? String == "org/tiny")
            #expect(after["commit"] as? String == Self.commit)
            #expect(after["model"] as? String == trial.snapshot)
            let list = try trial.run("model", "list", "--json", "--verbose")
            let models = try #require(try json(list.output)["models"] as? [[String: Any]])
            #expect(models.count == 1 && models[0]["name"] as? String == "org/tiny")
            #expect(models[0]["kind"] as? String == "qwen2_5_vl")
            #expect(models[0]["complete"] as? Bool == true)
            #expect(models[0]["path"] as? String == trial.snapshot)
            #expect(try trial.run("model", "list").output.contains("org/tiny"))
            #expect(try trial.requestCount() == count)
        }
    }

    /// A name gives the vectors of the folder, and needs no server the second time.
    @Test func embedding() throws {
        try withTrial { trial in
            let arguments = ["--input", "in.txt", "--threads", "1", "--output"]
            try Data("a red bus\nan apple\n".utf8).write(
                to: trial.folder.appending(path: "in.txt"))
            func embed(_ model: String, _ output: String, _ more: String...) throws -> RunResult {
                try BuiltProgram.run(
                    ["embed", "--model", model] + arguments + [output] + more,
                    environment: [
                        "HF_ENDPOINT": trial.hub.address, "HF_HOME": trial.folder.path + "/cache",
                    ], in: trial.folder)
            }
            let first = try embed("org/tiny", "a.npy")
            #expect(first.status == 0, "\(first.errors)")
            #expect(try embed(checkpoint.path, "b.npy").status == 0)
            let count = try trial.requestCount()
            #expect(try embed("org/tiny@\(Self.commit)", "c.npy", "--offline").status == 0)
            #expect(try trial.requestCount() == count)
            let files = try ["a", "b", "c"].map {
                try Data(contentsOf: trial.folder.appending(path: "\($0).npy"))
            }
            #expect(files[0] == files[1] && files[0] == files[2])
            // A local folder of the name wins: this one is no model.
            try FileManager.default.createDirectory(
                at: trial.folder.appending(path: "org/tiny"), withIntermediateDirectories: true)
            let local = try embed("org/tiny", "d.npy")
            #expect(local.status == 66 && local.errors.contains("org/tiny"), "\(local.errors)")
        }
    }

    @Test func searching() throws {
        try withTrial { trial in
            try FileManager.default.createDirectory(
                at: trial.folder.appending(path: "notes"), withIntermediateDirectories: true)
            try Data("a red bus".utf8).write(to: trial.folder.appending(path: "notes/a.txt"))
            let index = try trial.run(
                "index", "--model", "org/tiny", "--index", "index", "--threads", "1", "notes")
            #expect(index.status == 0, "\(index.errors)")
            let text = try String(
                contentsOf: trial.folder.appending(path: "index/manifest.json"), encoding: .utf8)
            #expect(text.contains(Self.commit) && text.contains("org/tiny"), "\(text)")
            let search = try trial.run("search", "--index", "index", "--offline", "bus")
            #expect(search.status == 0 && search.output.contains("a.txt"), "\(search.errors)")
            // The cache moves: the index knows the name and the commit.
            try FileManager.default.moveItem(
                atPath: trial.folder.path + "/cache", toPath: trial.folder.path + "/elsewhere")
            let moved = try trial.run(
                "search", "--index", "index", "--offline", "bus",
                environment: ["HF_HOME": trial.folder.path + "/elsewhere"])
            #expect(moved.status == 0, "\(moved.errors)")
        }
    }

    @Test func errors() throws {
        try withTrial { trial in
            func status(_ model: String, _ environment: [String: String] = [:]) throws -> Int32 {
                let result = try trial.run(
                    "similarity", "--model", model, "--query", "a", "--target", "b",
                    environment: environment)
                #expect(result.errors.contains("error: "), "\(result)")
                return result.status
            }
            #expect(try status("org/tiny", ["HF_HUB_OFFLINE": "1"]) == 66)
            #expect(try trial.requestCount() == 0)
            #expect(try status("org/other") == 66)
            #expect(try status("org/tiny@v7") == 66)
            #expect(try status("not-a-name") == 66)
            #expect(try status("org/tiny", ["HF_ENDPOINT": "127.0.0.1"]) == 78)
            #expect(try status("org/tiny", ["HF_HUB_OFFLINE": "y"]) == 78)
            try FileManager.default.createDirectory(
                at: trial.folder.appending(path: "runs/model"), withIntermediateDirectories: true)
            for arguments in [["model", "info"], ["embed", "--input", "a", "--output", "b.npy"]] {
                try Data("a".utf8).write(to: trial.folder.appending(path: "a"))
                let mistyped = try BuiltProgram.run(
                    arguments + ["--model", "runs/modle"],
                    environment: [
                        "HF_ENDPOINT": trial.hub.address, "HF_HOME": trial.folder.path + "/cache",
                    ], in: trial.folder)
                #expect(mistyped.status == 66)
                #expect(mistyped.errors.contains("there is no such folder, but runs/model, "))
            }
            try trial.hub.fail(#"{"/api/models/org/tiny/revision/main": {"always": 403}}"#)
            #expect(try status("org/tiny") == 69)
            try trial.hub.put(Data("{}".utf8), "models/org/old/config.json")
            try trial.hub.put(Data("x".utf8), "models/org/old/pytorch_model.bin")
            #expect(try status("org/old") == 65)
        }
    }

    /// A recipe that names a model trains on its snapshot, and says which commit that was.
    @Test func training() throws {
        try withTrial { trial in
            let pairs = trial.folder.appending(path: "data/pairs")
            try FileManager.default.createDirectory(at: pairs, withIntermediateDirectories: true)
            let lines = (0..<4).map { #"{"qry": "question \#($0)", "pos_text": "answer \#($0)"}"# }
            try Data(lines.joined(separator: "\n").utf8).write(
                to: pairs.appending(path: "a.jsonl"))
            let recipe = """
                output_dir: run
                model: {path: org/tiny}
                data: {folders: [data/pairs], images: data}
                objective: {temperature: 0.05}
                batch: {size: 2}
                optimizer: {learning_rate: 1.0e-4}
                schedule: {total_steps: 1}
                runtime: {threads: 1, device: cpu}
                """
            try Data(recipe.utf8).write(to: trial.folder.appending(path: "recipe.yaml"))
            let offline = try trial.run("finetune", "--config", "recipe.yaml", "--offline")
            #expect(offline.status == 66 && offline.errors.contains("org/tiny"))
            let plan = try trial.run(
                "finetune", "--config", "recipe.yaml", "--plan", "--no-measure")
            #expect(plan.status == 0, "\(plan.errors)")
            let run = try trial.run("finetune", "--config", "recipe.yaml")
            #expect(run.status == 0, "\(run.errors)")
            let model = trial.folder.appending(path: "run/model")
            func text(_ path: String) throws -> String {
                try String(contentsOf: trial.folder.appending(path: path), encoding: .utf8)
            }
            #expect(try text("run/recipe.yaml").contains("org/tiny@\(Self.commit)"))
            let card = try text("run/model/README.md")
            #expect(card.contains("base_model:\n- org/tiny\n"))
            #expect(card.contains("org/tiny@\(Self.commit)") && card.contains("`pairs`"))
            #expect(!card.contains(trial.folder.path))
            let info = try json(
                try trial.run("model", "info", "--model", model.path, "--json").output)
            #expect(info["contract_files"] as? [String] == ["moca.json", "modules.json"])
            #expect(info["notes"] as? [String] == [])
            // Further on from the same recipe: the name still means the same weights.
            let again = try trial.run(
                "finetune", "--config", "recipe.yaml", "--offline", "schedule.total_steps=1")
            #expect(again.status == 0, "\(again.errors)")
        }
    }
}
