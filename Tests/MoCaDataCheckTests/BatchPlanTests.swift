import Foundation
import MoCaData
import MoCaTables
import MoCaTestSupport
import Testing
@testable import MoCaDataCheck

/// Plans by the rules of a recipe, and the kinds of records.
@Suite struct BatchPlanTests {
    private func statistics(_ folders: [URL], cache: CountCache? = nil) throws -> DataStatistics {
        var settings = DataStatisticsSettings(
            folders: folders, images: folders[0].deletingLastPathComponent(), meter: try meter(),
            threads: 2)
        settings.cache = cache
        return try DataStatistics(settings)
    }

    @Test func pairsAreBatchedByTheRules() throws {
        try withTemporaryFolder { folder in
            let folders = try [("a", 20), ("b", 9)].map { name, count in
                try write((0..<count).map { try pair("q\($0)", "p\($0)") }, name, in: folder)
            }
            let counted = try statistics(folders)
            var rules = BatchPlan.Rules()
            #expect(BatchPlan(counted, size: 8, rules).batches == 5)
            rules.isTaskHomogeneous = false
            #expect(BatchPlan(counted, size: 8, rules).batches == 4)
            rules.isTaskHomogeneous = true
            rules.leftOut = [SampleID(subset: "b", row: 3), SampleID(subset: "c", row: 0)]
            #expect(BatchPlan(counted, size: 8, rules).batches == 4)
            rules.mixture = Mixture(.proportional, cap: 10)
            let plan = BatchPlan(counted, size: 8, rules)
            #expect(plan.batches == 3 && plan.steps == nil)
            rules.accumulation = 2
            #expect(BatchPlan(counted, size: 8, rules).steps == 2)
        }
    }

    @Test func textsAreBatchedByTheRules() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<60).map { index in
                let text = Array(repeating: "word", count: 1 + index % 9).joined(separator: " ")
                return "{\"text\": \"\(text)\"}"
            }
            let counted = try statistics([try write(lines, "texts", in: folder)])
            let budget = counted.total.cost.max * 3
            let plain = try BatchPlan(counted, tokenBudget: budget)
            var rules = BatchPlan.Rules()
            rules.packing = .costBins
            #expect(try BatchPlan(counted, tokenBudget: budget, rules) != plain)
            rules = BatchPlan.Rules()
            rules.mixture = Mixture(.proportional, cap: 20)
            #expect(try BatchPlan(counted, tokenBudget: budget, rules).batches < plain.batches)
            rules = BatchPlan.Rules()
            rules.leftOut = Set((0..<40).map { SampleID(subset: "texts", row: $0) })
            #expect(try BatchPlan(counted, tokenBudget: budget, rules).batches < plain.batches)
            rules = BatchPlan.Rules()
            rules.costMax = 1
            #expect(try BatchPlan(counted, tokenBudget: budget, rules).batches < plain.batches)
        }
    }

    /// A tar with the picture alone, as `tar` writes it.
    private func pack(_ name: String, in folder: URL) throws {
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-cf", "\(folder.path)/p.tar", "-C", folder.path, name]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
    }

    @Test func countsOfAReplacedArchiveAreNotServed() throws {
        try withTemporaryFolder { folder in
            let image = folder.appending(path: "image.png")
            try writePicture(image, width: 56, height: 56) { x, y in x + y }
            try pack("image.png", in: folder)
            let subset = try write(
                [#"{"text": "two words", "images": ["p.tar/image.png"]}"#], "texts", in: folder)
            let cache = CountCache(folder: folder.appending(path: "cache"))
            let first = try statistics([subset], cache: cache).total
            #expect(try statistics([subset], cache: cache).total.cached)
            try writePicture(image, width: 280, height: 280) { x, y in x + y }
            try pack("image.png", in: folder)
            let larger = try statistics([subset], cache: cache).total
            #expect(!larger.cached && larger.imageTokens.max > first.imageTokens.max)
        }
    }

    // MARK: Kinds

    @Test func oneDamagedFileDoesNotDecideTheKind() throws {
        try withTemporaryFolder { folder in
            let subset = try write([try pair("a", "b")], "pairs", in: folder)
            for name in ["a.jsonl.gz", "b.parquet", "c.tar"] {
                try Data("no such file".utf8).write(to: subset.appending(path: name))
            }
            try FileManager.default.createSymbolicLink(
                atPath: subset.appending(path: "d.jsonl").path, withDestinationPath: "/absent")
            #expect(try RecordKind(of: subset) == .contrastive)
        }
    }

    @Test func allLinesTellTheKind() throws {
        try withTemporaryFolder { folder in
            let late = try write(
                [#"{"qry": "a", "pos_text": null}"#, "{", try pair("a", "b")], "late", in: folder)
            #expect(try RecordKind(of: late) == .contrastive)
            let pictures = try write(
                [#"{"qry": "a", "pos_image_path": "a.png"}"#], "pictures", in: folder)
            #expect(try RecordKind(of: pictures) == .contrastive)
        }
    }
}
