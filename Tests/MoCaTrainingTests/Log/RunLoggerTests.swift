import Foundation
import MoCaRunLog
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// What a run writes about itself beside metrics.jsonl.
@Suite(.serialized) struct RunLoggerTests {
    private struct Killed: Error {}

    private func lines(_ name: String, in folder: URL) throws -> [[String: Any]] {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    private func content(_ name: String, in folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: name))
    }

    /// A run that is killed between panels writes the same panels.
    @Test func healthIsOfTheStepsOfTheRun() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let keys = ["logging.health_every_steps=2"]
            try TrainingRun(
                TrainingFixtures.recipe(.finetune, output: whole, keys), say: { _ in }
            ).run()
            let recipe = try TrainingFixtures.recipe(.finetune, output: broken, keys)
            #expect(throws: Killed.self) {
                try TrainingRun(
                    recipe, say: { _ in }, onLog: { if $0.step == 6 { throw Killed() } }
                ).run()
            }
            try TrainingRun(recipe, say: { _ in }).run()
            #expect(
                try content("health.jsonl", in: whole) == content("health.jsonl", in: broken))
            let panels = try lines("health.jsonl", in: whole)
            #expect(Set(panels.compactMap { $0["step"] as? Int }) == [2, 4, 6, 8])
            for panel in panels {
                let task = try #require(panel["task"] as? String)
                #expect(["OpenClipart_t2i", "WordNet_def2word"].contains(task))
                // Words are texts on both sides; clip art is found by texts.
                #expect((panel["modality_gap"] != nil) == (task == "OpenClipart_t2i"))
                let positive = try #require(panel["positive"] as? [String: Any])
                let bins = try #require(positive["bins"] as? [Int])
                #expect(bins.reduce(0, +) == panel["queries"] as? Int)
                let hardest = try #require(panel["hardest"] as? [[String: Any]])
                let query = try #require(hardest.first?["query"] as? String)
                #expect(query.hasPrefix("\(task)#"))
            }
            let kinds = try lines("events.jsonl", in: broken).compactMap { $0["kind"] as? String }
            #expect(kinds.filter { $0 != "collapse" } == ["resumed", "finished"])
            // A collapse is told once, by whichever process saw it first.
            let told = try [whole, broken].map { folder in
                try lines("events.jsonl", in: folder).filter { $0["kind"] as? String == "collapse" }
                    .compactMap { $0["text"] as? String }
            }
            #expect(told[0] == told[1])
            let files = try FileManager.default.contentsOfDirectory(
                atPath: broken.appending(path: "tensorboard").path)
            #expect(files.count == 2)
        }
    }

    @Test func reconstructionsAreOfTheSamePictures() throws {
        try withTemporaryFolder { folder in
            try TrainingRun(
                TrainingFixtures.recipe(
                    .pretrain, output: folder, steps: 5,
                    ["logging.reconstruction_every_steps=2"]), say: { _ in }
            ).run()
            let rows = try lines("reconstructions.jsonl", in: folder)
            #expect(rows.compactMap { $0["step"] as? Int }.filter { $0 == 2 }.count == 4)
            #expect(Set(rows.compactMap { $0["step"] as? Int }) == [2, 4, 5])
            for row in rows {
                #expect(row["mse"] is Double && row["baseline_mse"] is Double)
                for key in ["original", "masked", "reconstructed"] {
                    let name = try #require(row[key] as? String)
                    let head = try content(name, in: folder).prefix(4)
                    #expect(head == Data([0x89, 0x50, 0x4e, 0x47]))
                }
            }
            // The weights move, the pictures and their masks do not.
            let first = rows.filter { $0["picture"] as? Int == 1 }
            #expect(Set(first.compactMap { $0["masked_patches"] as? Int }).count == 1)
            #expect(Set(first.compactMap { $0["baseline_mse"] as? Double }).count == 1)
            #expect(Set(first.compactMap { $0["mse"] as? Double }).count == 3)
            let metrics = try lines("metrics.jsonl", in: folder)
            let fill = try #require(metrics.first?["packing_fill"] as? Double)
            #expect(fill > 0.3 && fill <= 1)
            #expect((metrics.first?["memory_bytes"] as? Int ?? 0) > 1 << 20)
        }
    }

    @Test func nothingIsWrittenThatIsNotWanted() throws {
        try withTemporaryFolder { folder in
            let (plain, silent) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try TrainingRun(
                TrainingFixtures.recipe(
                    .finetune, output: plain, steps: 3, ["logging.health_every_steps=1"]),
                say: { _ in }
            ).run()
            try TrainingRun(
                TrainingFixtures.recipe(
                    .finetune, output: silent, steps: 3,
                    ["logging.health_every_steps=0", "logging.tensorboard=false"]),
                say: { _ in }
            ).run()
            #expect(try lines("health.jsonl", in: silent).isEmpty)
            #expect(
                !FileManager.default.fileExists(
                    atPath: silent.appending(path: "tensorboard").path))
            // Looking changes nothing.
            #expect(
                try content("model/model.safetensors", in: plain)
                    == content("model/model.safetensors", in: silent))
        }
    }
}
