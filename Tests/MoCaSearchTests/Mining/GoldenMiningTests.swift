import Foundation
import MoCaVectors
import Testing
import Torch
@testable import MoCaSearch

/// The same negatives as sentence-transformers 6.2 for the same vectors and settings.
struct GoldenMiningTests {
    /// `Tests/Fixtures/mining/golden.json`.
    private struct Golden: Decodable {
        struct Case: Decodable {
            var settings: Settings
            var negatives: [Negatives]
        }
        struct Negatives: Decodable {
            var documents: [Int]
            var scores: [Double]
        }
        /// Names of the Python function's arguments.
        struct Settings: Decodable {
            var num_negatives: Int?
            var range_min: Int?
            var range_max: Int?
            var max_score: Double?
            var min_score: Double?
            var absolute_margin: Double?
            var relative_margin: Double?
        }
        var queries: [[Float]]
        var corpus: [[Float]]
        var rows: [[Int]]
        var cases: [Case]
    }

    private let golden: Golden
    private let matrix: VectorMatrix
    private let table: MiningPairs
    /// The golden number of each query and document, in the order of their first rows.
    private let queryOrder: [Int]
    private let documentOrder: [Int]

    init() throws {
        let file = Fixtures.folder.appending(path: "mining/golden.json")
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        let values = (golden.queries + golden.corpus).flatMap { $0 }
        matrix = VectorMatrix(
            bytes: values.withUnsafeBytes { Data($0) }, width: golden.corpus[0].count)
        queryOrder = Self.distinct(golden.rows.map { $0[0] })
        documentOrder = Self.distinct(golden.rows.map { $0[1] })
        let (queries, documents) = (queryOrder, documentOrder)
        let queryCount = golden.queries.count
        table = MiningPairs(
            queries: golden.rows.map { Int32(queries.firstIndex(of: $0[0]) ?? -1) },
            documents: golden.rows.map { Int32(documents.firstIndex(of: $0[1]) ?? -1) },
            queryRows: queries, documentRows: documents.map { queryCount + $0 })
    }

    private static func distinct(_ numbers: [Int]) -> [Int] {
        numbers.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func mine(
        _ settings: MiningSettings, queryBlock: Int = 1024, documentBlock: Int = 8192
    ) throws -> (negatives: [[Int]], report: MiningReport) {
        var report = MiningReport(
            subset: "golden", source: "", model: ModelIdentity(folder: "", fingerprint: ""),
            settings: settings, rangeEnd: 0)
        var search = ExactSearch(matrix: matrix, documents: table.documentRows, device: .cpu)
        (search.queryBlock, search.documentBlock) = (queryBlock, documentBlock)
        let mined = try SubsetMining(table, search, &report) {}
        var negatives = [[Int]](repeating: [], count: golden.queries.count)
        for (number, query) in queryOrder.enumerated() {
            negatives[query] = mined.negatives(ofQuery: number).map { documentOrder[$0] }
        }
        return (negatives, report)
    }

    private func settings(_ golden: Golden.Settings) -> MiningSettings {
        var settings = MiningSettings()
        settings.negatives = golden.num_negatives ?? 3
        settings.rangeMin = golden.range_min ?? 0
        settings.rangeMax = golden.range_max
        (settings.maxScore, settings.minScore) = (golden.max_score, golden.min_score)
        settings.absoluteMargin = golden.absolute_margin
        settings.relativeMargin = golden.relative_margin
        return settings
    }

    @Test func sameNegatives() throws {
        #expect(golden.cases.count == 16)
        for (number, goldenCase) in golden.cases.enumerated() {
            let settings = settings(goldenCase.settings)
            try settings.check()
            let expected = goldenCase.negatives.map(\.documents)
            let (found, report) = try mine(settings)
            #expect(found == expected, "case \(number)")
            // Any blocks give the same.
            #expect(try mine(settings, queryBlock: 7, documentBlock: 5).negatives == expected)
            #expect(report.counts.negatives == expected.map(\.count).reduce(0, +))
            let scores = goldenCase.negatives.flatMap(\.scores)
            let mean = scores.reduce(0, +) / Double(max(1, scores.count))
            #expect(abs((report.scores.negative?.mean ?? 0) - mean) < 1e-6)
            #expect(abs((report.scores.negative?.greatest ?? 0) - (scores.max() ?? 0)) < 1e-6)
        }
        // The settings matter: no two cases agree but those without effect.
        let distinct = Set(golden.cases.map { $0.negatives.map(\.documents) })
        #expect(distinct.count >= 14)
    }

    @Test func randomSamplingDrawsFromTheSamePool() throws {
        var settings = MiningSettings()
        (settings.rangeMin, settings.rangeMax, settings.maxScore) = (1, 8, 0.5)
        settings.negatives = 7
        let pool = try mine(settings).negatives
        (settings.negatives, settings.sampling) = (2, .random)
        var drawn = [Set<Int>](repeating: [], count: pool.count)
        for seed in 0..<60 {
            settings.seed = UInt64(seed)
            for (query, negatives) in try mine(settings).negatives.enumerated() {
                #expect(negatives.count == min(2, pool[query].count))
                let ranks = negatives.compactMap { pool[query].firstIndex(of: $0) }
                #expect(ranks.count == negatives.count && ranks == ranks.sorted())
                drawn[query].formUnion(negatives)
            }
        }
        // 1 - (5/7)^60: every one is drawn.
        for (query, documents) in drawn.enumerated() {
            #expect(documents == Set(pool[query]))
        }
        #expect(try mine(settings).negatives == mine(settings).negatives)
    }

    @Test func reportSaysWhyThereAreFewer() throws {
        var settings = MiningSettings()
        (settings.negatives, settings.rangeMin) = (3, 0)
        let plain = try mine(settings).report
        #expect(plain.counts.complete == 24 && plain.fewerBecause.isEmpty)
        #expect(plain.counts.queries == 24 && plain.counts.documents == 40)
        #expect(plain.counts.records == golden.rows.count)
        #expect(plain.counts.pairs == Set(golden.rows).count)
        #expect(plain.rangeEnd == 3 + table.rowsOfAQueryMax)
        settings.maxScore = -2
        let strict = try mine(settings).report
        #expect(strict.counts.without == 24 && strict.counts.negatives == 0)
        #expect(strict.fewerBecause["max_score"] == 24 && strict.scores.negative == nil)
        settings = MiningSettings()
        settings.negatives = 60
        let many = try mine(settings).report
        #expect(many.fewerBecause == ["corpus_too_small": 24])
        #expect(many.counts.fewer == 24)
    }

    @Test func summariesAreThoseOfNumpy() throws {
        let summary = try #require(ScoreSummary([0.5, -1, 3, 2]))
        #expect(summary.mean == 1.125 && summary.median == 1.25 && summary.count == 4)
        #expect(summary.least == -1 && summary.greatest == 3)
        #expect(summary.percentile25 == 0.125 && summary.percentile75 == 2.25)
        // numpy.std(ddof=1)
        #expect(abs(summary.deviation - 1.75) < 1e-12)
        #expect(ScoreSummary([]) == nil && ScoreSummary([1])?.deviation == 0)
    }

    @Test(
        arguments: [
            ("negatives", 0, 0, nil), ("range-min", 1, -1, nil), ("range-max", 3, 2, 4),
            ("range-max", 1, 5, 5),
        ] as [(String, Int, Int, Int?)])
    func settingsWithoutEffectAreRefused(
        _ name: String, _ negatives: Int, _ rangeMin: Int, _ rangeMax: Int?
    ) {
        var settings = MiningSettings()
        (settings.negatives, settings.rangeMin, settings.rangeMax) = (negatives, rangeMin, rangeMax)
        guard
            case .badSetting(let found, _, _)? = #expect(
                throws: SearchError.self, performing: { try settings.check() })
        else {
            Issue.record("no error")
            return
        }
        #expect(found == name)
    }
}
