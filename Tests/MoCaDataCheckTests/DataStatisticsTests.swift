import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaProcessing
import MoCaTestSupport
import MoCaTokenizer
import Testing
@testable import MoCaDataCheck

@Suite struct DataStatisticsTests {
    private static let placeholder = "<|vision_start|><|image_pad|><|vision_end|>"

    private func statistics(
        _ folders: [URL], cache: URL? = nil, fingerprint: String = ""
    ) throws -> DataStatistics {
        var settings = DataStatisticsSettings(
            folders: folders, images: pictures, meter: try meter(fingerprint: fingerprint),
            threads: 2)
        settings.cache = cache.map { CountCache(folder: $0) }
        return try DataStatistics(settings)
    }

    @Test func countsAreThoseOfTheProcessor() throws {
        try withTemporaryFolder { folder in
            let texts = ["one", "two words", "\(Self.placeholder) a picture of a square"]
            let subset = try write(
                texts.enumerated().map { index, text in
                    let images = index == 2 ? #", "images": ["rgb_224x96.png"]"# : ""
                    return #"{"text": "\#(text)"\#(images)}"#
                }, "texts", in: folder)
            let counted = try statistics([subset])
            let processor = try meter().processor
            let words = texts.map {
                processor.tokenizer.encode($0.replacing(Self.placeholder, with: "")).count
            }
            let image = try processor.images.tokenCount(width: 224, height: 96)
            let summary = try #require(counted.summaries.first)
            #expect(summary.textTokens.sum == words.reduce(0, +))
            #expect(summary.imageTokens.sum == image && summary.imageTokens.max == image)
            #expect(summary.cost.max == words[2] + 4 * image + 2)
            #expect(summary.contentTokens.max == words[2] + image + 2)
            #expect(summary.longerSides.max == 224 && summary.shorterSides.max == 96)
            #expect(summary.images.sum == 1 && summary.records == 3 && summary.failed == 0)
            #expect(counted.total.cost == summary.cost)
        }
    }

    @Test func pairsCountEverySide() throws {
        try withTemporaryFolder { folder in
            let subset = try write(
                [try pair("one two", "three", ["neg_text": "['four', 'five six seven']"])],
                "pairs", in: folder)
            let summary = try statistics([subset]).total
            #expect(summary.contentTokens.count == 4 && summary.textTokens.count == 1)
            #expect(summary.contentTokens.sum == summary.textTokens.sum)
        }
    }

    @Test func whatCannotBeCountedIsSaid() throws {
        try withTemporaryFolder { folder in
            let subset = try write(
                [#"{"text": "sound"}"#, #"{"text": "a", "images": ["absent.png"]}"#], "texts",
                in: folder)
            let summary = try statistics([subset], cache: folder.appending(path: "cache")).total
            #expect(summary.records == 2 && summary.failed == 1 && summary.textTokens.count == 1)
            #expect(try #require(summary.firstFailure).hasPrefix("texts#1: missing image"))
            // Nothing is kept of it.
            #expect(
                !FileManager.default.fileExists(atPath: folder.appending(path: "cache").path))
        }
    }

    // MARK: Cache

    @Test func cachedCountsAreTheSameAndNeverStale() throws {
        try withTemporaryFolder { folder in
            let image = folder.appending(path: "image.png")
            try writePicture(image, width: 56, height: 56) { x, y in x + y }
            let lines = [
                #"{"text": "one"}"#, #"{"text": "two words", "images": ["\#(image.path)"]}"#,
            ]
            let subset = try write(lines, "texts", in: folder)
            let cache = folder.appending(path: "cache")
            let first = try statistics([subset], cache: cache).total
            let second = try statistics([subset], cache: cache).total
            #expect(!first.cached && second.cached)
            #expect(first.cost == second.cost && first.contentTokens == second.contentTokens)
            #expect(first.longerSides == second.longerSides)

            #expect(try !statistics([subset], cache: cache, fingerprint: "other").total.cached)

            try writePicture(image, width: 280, height: 280) { x, y in x + y }
            let larger = try statistics([subset], cache: cache).total
            #expect(!larger.cached && larger.imageTokens.max > first.imageTokens.max)

            try write(lines + [#"{"text": "three"}"#], "texts", in: folder)
            let longer = try statistics([subset], cache: cache).total
            #expect(!longer.cached && longer.records == 3)

            for file in try FileManager.default.contentsOfDirectory(
                at: cache, includingPropertiesForKeys: nil)
            {
                try Data("damaged".utf8).write(to: file)
            }
            let mended = try statistics([subset], cache: cache).total
            #expect(!mended.cached && mended.cost == longer.cost)
            #expect(try statistics([subset], cache: cache).total.cached)
        }
    }

    // MARK: Plans

    @Test func batchesHoldEveryRecordOnce() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<60).map { index in
                #"{"text": "\#(Array(repeating: "word", count: 1 + index % 9).joined(separator: " "))"}"#
            }
            let subset = try write(lines, "texts", in: folder)
            let counted = try statistics([subset])
            let budget = counted.total.cost.max * 3
            var rules = BatchPlan.Rules()
            rules.seed = 3
            let plan = try BatchPlan(counted, tokenBudget: budget, rules)
            let least = (counted.total.cost.sum + budget - 1) / budget
            #expect((least...least * 2).contains(plan.batches) && plan.overBudget == 0)
            let fill = try #require(plan.fill)
            #expect(fill > 0.5 && fill <= 1)
            #expect(try BatchPlan(counted, tokenBudget: budget, rules) == plan)

            let tight = try BatchPlan(counted, tokenBudget: counted.total.cost.max - 1)
            #expect(tight.overBudget == 6)
            let pairs = BatchPlan(counted, size: 16)
            #expect(pairs.batches == 4 && pairs.fill == nil)
        }
    }

    // MARK: Distributions

    @Test func percentilesAreNearestRanks() {
        let distribution = Distribution((1...100).reversed())
        #expect(distribution.p5 == 5 && distribution.p50 == 50 && distribution.p99 == 99)
        #expect(distribution.min == 1 && distribution.max == 100 && distribution.mean == 50.5)
        let single = Distribution([7])
        #expect(single.p5 == 7 && single.p99 == 7)
        #expect(single.histogram == [.init(low: 7, high: 7, count: 1)])
        #expect(Distribution([]).histogram.isEmpty && Distribution([]).max == 0)
    }

    @Test func histogramsHoldEveryValue() {
        let values = (0..<1000).map { $0 % 97 } + [100_000]
        let distribution = Distribution(values)
        #expect(distribution.histogram.reduce(0) { $0 + $1.count } == 1001)
        #expect(distribution.histogram.first?.low == 0)
        #expect(distribution.histogram.last?.high == 100_000)
        #expect(distribution.histogram.count <= 11)
        #expect(distribution.lines().count == distribution.histogram.count)
        #expect(Distribution([3, 3, 4]).lines(barWidth: 4) == ["3 #### 2", "4 ##   1"])
    }
}
