import Foundation
import MoCaTestSupport
import Testing

/// Every layout of data, from the Hub to trained steps, as a user goes: a manifest for `prepare`,
/// `check` with a quarantine, then a run that reads every sound record. Data are those of
/// `scripts/fixtures/layouts.py`: twelve records, of which number 5 has half an image.
@Suite struct LayoutTests {
    private enum Stage: String, Sendable {
        case pretrain, finetune
        /// An evaluation set, which is checked and not trained on.
        case benchmark
    }

    /// A data set of the Hub, and how it is used.
    private struct Layout: Sendable {
        var name: String
        var stage: Stage
        /// The folder of records below the output.
        var data: String
        /// What images are relative to, below the output.
        var images = "."
        /// Patterns of files that are taken as they are.
        var files = "\"**\""
        /// Rules of archives, as in a manifest.
        var archives = ""
    }

    private static let layouts = [
        Layout(name: "parquet", stage: .pretrain, data: "pages"),
        Layout(name: "arrow-stream", stage: .pretrain, data: "pages"),
        Layout(name: "arrow-file", stage: .pretrain, data: "pages"),
        Layout(name: "saved", stage: .pretrain, data: "pages"),
        Layout(name: "saved-splits", stage: .pretrain, data: "pages/train"),
        Layout(name: "jsonl", stage: .finetune, data: "pairs", images: "images"),
        Layout(name: "jsonl-gz", stage: .finetune, data: "pairs", images: "images.zip"),
        Layout(name: "jsonl-zst", stage: .finetune, data: "pairs", images: "images.tar"),
        Layout(
            name: "jsonl-bz2", stage: .finetune, data: "pairs", images: "images",
            files: "\"pairs/*\"", archives: "{files: [images.tar.gz], into: jsonl-bz2/images}"),
        Layout(
            name: "jsonl-xz", stage: .finetune, data: "pairs", images: "images",
            files: "\"pairs/*\"", archives: "{files: [images.tar.zst], into: jsonl-xz/images}"),
        Layout(
            name: "split", stage: .finetune, data: "pairs", images: "images",
            files: "\"pairs/*\"", archives: "{files: [\"images.zip.part-*\"], into: split/images}"),
        Layout(
            name: "split-tar", stage: .finetune, data: "pairs", images: "images",
            files: "\"pairs/*\"", archives: "{files: [\"images.tar.gz.*\"], into: split-tar/images}"
        ),
        Layout(name: "shards", stage: .pretrain, data: "pages"),
        Layout(name: "shards-gz", stage: .pretrain, data: "pages"),
        Layout(name: "shards-zst", stage: .pretrain, data: "pages"),
        Layout(
            name: "shards-unpacked", stage: .pretrain, data: "pages", images: "pages", files: "",
            archives: "{files: [pages.tar], into: shards-unpacked/pages}"),
        Layout(name: "shards-pairs", stage: .finetune, data: "pairs"),
        Layout(name: "shards-mmeb", stage: .benchmark, data: "discs"),
    ]

    @Test func everyLayoutIsPreparedCheckedAndTrainedOn() async throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "moca-layouts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try prepareAll(in: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for layout in Self.layouts {
                group.addTask {
                    try check(layout, in: folder)
                    try train(layout, in: folder)
                }
            }
            try await group.waitForAll()
        }
    }

    /// One manifest with a source a layout.
    private func prepareAll(in folder: URL) throws {
        let sets = folder.appending(path: "hub/datasets")
        try FileManager.default.createDirectory(at: sets, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: sets.appending(path: "org"),
            withDestinationURL: fixtures.appending(path: "layouts"))
        let sources = Self.layouts.map { layout in
            var lines = [
                "  - hub: org/\(layout.name)", "    fetch: http", "    to: \(layout.name)",
            ]
            if !layout.files.isEmpty { lines.append("    files: [\(layout.files)]") }
            if !layout.archives.isEmpty { lines.append("    archives: [\(layout.archives)]") }
            return lines.joined(separator: "\n")
        }
        let manifest = (["output: .", "sources:"] + sources).joined(separator: "\n")
        try Data(manifest.utf8).write(to: folder.appending(path: "manifest.yaml"))
        let hub = try ImitationHub(serving: folder.appending(path: "hub"))
        let arguments = ["data", "prepare", "manifest.yaml"]
        let environment = ["HF_ENDPOINT": hub.address]
        let result = try BuiltProgram.run(arguments, environment: environment, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let left = try FileManager.default.contentsOfDirectory(
            atPath: folder.path + "/.moca-prepare")
        #expect(left.sorted() == ["lock", "state"])
        let again = try BuiltProgram.run(arguments, environment: environment, in: folder)
        #expect(again.output.contains("0 files put in place, 0 unpacked"), "\(again.output)")
    }

    private func check(_ layout: Layout, in folder: URL) throws {
        let list = "\(layout.name).bad.jsonl"
        let result = try BuiltProgram.run(
            [
                "data", "check", "\(layout.name)/\(layout.data)", "--images",
                "\(layout.name)/\(layout.images)", "--quarantine", list, "--max-error-rate", "0.2",
                "--json",
            ], in: folder)
        #expect(result.status == 0, "\(layout.name): \(result.errors)")
        #expect(result.output.contains("\"records\":12"), "\(layout.name)")
        let lines = try String(contentsOf: folder.appending(path: list), encoding: .utf8)
        // Of a pair, the picture of a neighbour's negative is no other one's; of a task, it is.
        let count = layout.stage == .benchmark ? 2 : 1
        #expect(lines.split(separator: "\n").count == count, "\(layout.name): \(lines)")
        #expect(lines.contains("\"row\":5,"), "\(layout.name): \(lines)")
    }

    private static let pretraining = """
        objective: {mlm_ratio: 0.4, mae_ratio: 0.5, mae_weight: 0.5}
        batch: {tokens: 160}
        """
    private static let finetuning = """
        objective: {temperature: 0.05, hard_negatives: 1}
        batch: {size: 4}
        """

    /// Three steps: as many draws as there are records, so that each is read.
    private func train(_ layout: Layout, in folder: URL) throws {
        guard layout.stage != .benchmark else { return }
        let isPretraining = layout.stage == .pretrain
        let recipe = """
            output_dir: \(layout.name).run
            model: {path: \(checkpoint.path)}
            data:
              folders: [\(layout.name)/\(layout.data)]
              images: \(layout.name)/\(layout.images)
              quarantine: \(layout.name).bad.jsonl
              min_pixels: 784
              max_pixels: 3136
            \(isPretraining ? Self.pretraining : Self.finetuning)
            optimizer: {learning_rate: 1.0e-3}
            schedule: {total_steps: 3}
            checkpoint: {every_steps: 3, keep: 1}
            logging: {every_steps: 1}
            runtime: {device: cpu, dtype: float32, threads: 1, data_workers: 1}
            """
        try Data(recipe.utf8).write(to: folder.appending(path: "\(layout.name).yaml"))
        let arguments = [layout.stage.rawValue, "--config", "\(layout.name).yaml"]
        let result = try BuiltProgram.run(arguments, in: folder)
        #expect(result.status == 0, "\(layout.name): \(result.errors)")
        let metrics = try String(
            contentsOf: folder.appending(path: "\(layout.name).run/metrics.jsonl"), encoding: .utf8)
        #expect(metrics.split(separator: "\n").count == 3, "\(layout.name)")
        // Without the quarantine the record would have been drawn.
        guard ["parquet", "jsonl"].contains(layout.name) else { return }
        let control = try BuiltProgram.run(
            arguments + ["data.quarantine=null", "output_dir=\(layout.name).other"], in: folder)
        #expect(control.status == 65, "\(layout.name): \(control.errors)")
    }
}
