import Foundation
import MoCaData
import MoCaRunLog
import MoCaTables
import MoCaTestSupport
import Testing
@testable import MoCaTraining

/// Runs over data with records that cannot be read, processed or decoded.
@Suite(.serialized) struct QuarantineRunTests {
    private struct Killed: Error {}

    /// 60 sound records; row 7 is empty, row 20 has no image file, row 41 half an image.
    private func writeData(_ stage: Recipe.Stage, to folder: URL) throws {
        let whole = try Data(contentsOf: TrainingFixtures.picture)
        try whole.write(to: folder.appending(path: "whole.jpg"))
        try whole.prefix(whole.count / 2).write(to: folder.appending(path: "half.jpg"))
        let lines = (0..<60).map { row in
            let image = [20: "none.jpg", 41: "half.jpg"][row] ?? "whole.jpg"
            let text = row == 7 ? "" : "word \(row) of \(row * row)"
            let hasImage = row != 7 && (row % 6 == 5 || [20, 41].contains(row))
            return stage == .pretrain
                ? "{\"text\": \"\(text)\", \"images\": [\(hasImage ? "\"\(image)\"" : "")]}"
                : "{\"qry\": \"\(text)\", \"qry_image_path\": \"\(hasImage ? image : "")\", "
                    + "\"pos_text\": \"answer \(row)\"}"
        }
        let subset = folder.appending(path: "subset")
        try FileManager.default.createDirectory(at: subset, withIntermediateDirectories: true)
        try Data(lines.joined(separator: "\n").utf8)
            .write(to: subset.appending(path: "train.jsonl"))
    }

    private func recipe(
        _ stage: Recipe.Stage, _ data: URL, output: URL, _ more: [String] = []
    ) throws -> Recipe {
        let overrides = [
            "data.folders=[\(data.path)/subset]", "data.images=\(data.path)", "data.weights=null",
            "runtime.data_workers=2",
        ]
        return try TrainingFixtures.recipe(stage, output: output, steps: 8, overrides + more)
    }

    private func run(_ recipe: Recipe, killedAfter step: Int = 0) throws {
        try TrainingRun(recipe, say: { _ in }, onLog: { if $0.step == step { throw Killed() } })
            .run()
    }

    @Test(arguments: Recipe.Stage.allCases)
    func badRecordsAreLeftOutTheSameWayAfterAResume(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            try writeData(stage, to: folder)
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let skip = ["data.on_error=skip", "data.max_error_rate=0.01"]
            try run(recipe(stage, folder, output: whole, skip))
            // Neither threads nor steps prepared ahead matter.
            let ahead = ["runtime.data_workers=1", "runtime.prefetch=4"]
            let other = try recipe(stage, folder, output: broken, skip + ahead)
            for step in [2, 4, 6] {
                #expect(throws: Killed.self) { try run(other, killedAfter: step) }
            }
            try run(other)
            for name in ["model/model.safetensors", "quarantine.jsonl"] {
                #expect(
                    try Data(contentsOf: whole.appending(path: name))
                        == Data(contentsOf: broken.appending(path: name)), "\(name)")
            }
            let metrics = try TrainingFixtures.metrics(whole)
            #expect(try metrics == TrainingFixtures.metrics(broken))
            #expect(metrics.last?.contains("\"quarantined\":3") == true)
            let records = try QuarantinedRecord.read(whole.appending(path: "quarantine.jsonl"))
            #expect(Set(records.map(\.row)) == [7, 20, 41])
            #expect(records.count == 3)
            for record in records {
                #expect(record.subset == "subset")
                #expect(record.file == folder.appending(path: "subset/train.jsonl").path)
                #expect(record.reason?.isEmpty == false)
                #expect((1...8).contains(record.step ?? 0))
            }
            let reason = records.first { $0.row == 20 }?.reason
            #expect(reason?.hasPrefix("missing image (") == true)
        }
    }

    @Test(arguments: Recipe.Stage.allCases)
    func aCheckedFileIsHonouredAndOtherwiseTheRunStops(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            try writeData(stage, to: folder)
            let output = folder.appending(path: "out")
            #expect(throws: (any Error).self) {
                try run(recipe(stage, folder, output: output))
            }
            #expect(throws: DataError.self) {
                try run(
                    recipe(
                        stage, folder, output: output,
                        ["data.on_error=skip", "data.max_error_rate=0", "resume=never"]))
            }
            let file = folder.appending(path: "found.jsonl")
            let lines = try [7, 20, 41].map {
                try QuarantinedRecord(SampleID(subset: "subset", row: $0), reason: "bad").line()
            }
            try Data(lines.joined(separator: "\n").utf8).write(to: file)
            try run(
                recipe(
                    stage, folder, output: output,
                    ["data.quarantine=\(file.path)", "resume=never"]))
            let metrics = try TrainingFixtures.metrics(output)
            #expect(metrics.last?.contains("\"quarantined\":0") == true)
        }
    }

    @Test func costBinsTrain() throws {
        try withTemporaryFolder { folder in
            try run(
                TrainingFixtures.recipe(
                    .pretrain, output: folder, steps: 2, ["batch.packing=cost_bins"]))
            #expect(try TrainingFixtures.metrics(folder).count == 1)
        }
    }

    @Test func aSourceIsAskedForNoMoreStepsThanAreTaken() throws {
        struct Counting: StepBatches {
            var count = 0
            mutating func next() throws -> PreparedStep<Int> {
                count += 1
                guard count <= 3 else { throw TrainingError.badSample(name: "x", reason: "y") }
                return PreparedStep(
                    batches: [count],
                    cursor: DataCursor(
                        [SubsetShape(name: "s", blockRows: [1])], seed: 0, windowBlocks: 1),
                    ids: [], tokenCount: 0)
            }
        }
        let prefetcher = Prefetcher(Counting(), ahead: 8, count: 3)
        #expect(
            try (0..<3).map { _ in try #require(try prefetcher.next()).batches[0] } == [1, 2, 3])
    }
}
