import Foundation
import MoCaTables
import MoCaTestSupport
import Testing
import Torch
@testable import MoCaModel
@testable import MoCaObjectives
@testable import MoCaTraining

/// Measures of embeddings, beside numpy's (`scripts/fixtures/health.py`).
@Suite struct HealthTests {
    private struct Golden: Decodable {
        var queries: [[Float]]
        var positives: [[Float]]
        var alignment: Double
        var uniformity: Double
        var query_cosine: Double
        var document_cosine: Double
        var effective_rank: Double
        var modality_gap: Double
        var positive_bins: [Int]
        var negative_bins: [Int]
        var positive_mean: Double
        var negative_mean: Double
        var accuracy: Double
        var false_negative_rate: Double
        var hardest: [Int]
    }

    private static func golden() throws -> [Golden] {
        let file = Repository.root
            .appending(path: "Tests/Fixtures/health/golden.json")
        return try JSONDecoder().decode([Golden].self, from: Data(contentsOf: file))
    }

    private func tensor(_ rows: [[Float]]) -> Tensor {
        Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
    }

    private func layout(
        count: Int, negatives: [Int]? = nil, identities: [Int] = []
    ) throws -> CandidateLayout {
        let negatives = negatives ?? [Int](repeating: 0, count: count)
        let configuration = try PretrainedModel.configuration(
            of: TrainingFixtures.checkpoint, names: [:])
        let input = try EncoderInput([.init(ids: [1])], pixelValues: nil, for: configuration)
        let batch = ContrastiveBatch(
            input: input,
            sequences: [Int](repeating: 0, count: 2 * count + negatives.reduce(0, +)),
            negativeCounts: negatives, candidateIdentities: identities)
        return CandidateLayout(batch, SingleProcess())
    }

    private func observation(
        _ queries: [[Float]], _ candidates: [[Float]], _ layout: CandidateLayout,
        task: (Int) -> String = { _ in "task" }, hasImage: [Bool] = []
    ) -> HealthObservation {
        HealthObservation(
            ContrastiveObservation(
                queries: tensor(queries), candidates: tensor(candidates), layout: layout),
            ids: queries.indices.map { SampleID(subset: task($0), row: $0) }, hasImage: hasImage)
    }

    @Test func measuresAreNumpys() throws {
        for golden in try Self.golden() {
            let count = golden.queries.count
            let hasImage =
                (0..<count).map { $0 < count / 2 } + (0..<count).map { $0 >= count / 2 }
            let seen = observation(
                golden.queries, golden.positives, try layout(count: count), hasImage: hasImage)
            let panel = try #require(HealthScore.panels([seen], step: 3).first?.panel)
            let pairs: [(Double?, Double)] = [
                (panel.alignment, golden.alignment), (panel.uniformity, golden.uniformity),
                (panel.queryCosine, golden.query_cosine),
                (panel.documentCosine, golden.document_cosine),
                (panel.effectiveRank, golden.effective_rank),
                (panel.modalityGap, golden.modality_gap),
                (panel.positive.mean, golden.positive_mean),
                (panel.negative.mean, golden.negative_mean), (panel.accuracy, golden.accuracy),
                (panel.falseNegativeRate, golden.false_negative_rate),
            ]
            for (number, (value, expected)) in pairs.enumerated() {
                #expect(abs(try #require(value) - expected) < 1e-6, "measure \(number)")
            }
            #expect(panel.positive.bins == golden.positive_bins)
            #expect(panel.negative.bins == golden.negative_bins)
            let hardest = try #require(panel.hardest.first)
            #expect(hardest.query == "task#\(golden.hardest[0])")
            #expect(hardest.owner == "task#\(golden.hardest[1])" && hardest.negative == 0)
        }
    }

    /// Two micro-batches of one step are one panel; two tasks of one batch are two.
    @Test func panelsGoByTask() throws {
        let golden = try Self.golden()[1]
        let half = golden.queries.count / 2
        let parts = [0..<half, half..<2 * half].map { range in
            (Array(golden.queries[range]), Array(golden.positives[range]))
        }
        let seen = try parts.map { observation($0.0, $0.1, try layout(count: half)) }
        let panel = try #require(HealthScore.panels(seen, step: 1).first?.panel)
        #expect(panel.queries == 2 * half)
        #expect(abs(try #require(panel.alignment) - golden.alignment) < 1e-6)
        #expect(abs(try #require(panel.uniformity) - golden.uniformity) < 1e-6)
        // Each query was compared with the candidates of its own part.
        #expect(panel.negative.count == 2 * half * (half - 1))
        let mixed = observation(
            golden.queries, golden.positives, try layout(count: 2 * half),
            task: { $0 < 5 ? "a" : "b" })
        let panels = HealthScore.panels([mixed], step: 1).map(\.panel)
        #expect(panels.map(\.task) == ["a", "b"] && panels.map(\.queries) == [5, 2 * half - 5])
    }

    /// Equal contents are no negatives; hard negatives are named by owner and number.
    @Test func candidatesAreToldApart() throws {
        let queries: [[Float]] = [[1, 0], [0, 1]]
        let candidates: [[Float]] = [[0.8, 0.6], [0, 1], [0.96, 0.28], [0.6, 0.8], [0.8, 0.6]]
        let layout = try layout(count: 2, negatives: [1, 2], identities: [0, 1, 2, 3, 0])
        let panel = try #require(
            HealthScore.panels([observation(queries, candidates, layout)], step: 1).first?.panel)
        #expect(panel.negative.count == 3 + 4)
        #expect(panel.repeatedRate == 0.5)
        #expect(panel.accuracy == 0.5)
        #expect(panel.falseNegativeRate == 0.5)
        #expect(panel.hardest[0].query == "task#0" && panel.hardest[0].owner == "task#0")
        #expect(panel.hardest[0].negative == 1)
        #expect(panel.hardest[1].query == "task#1" && panel.hardest[1].owner == "task#1")
        #expect(panel.hardest[1].negative == 1)
        #expect(panel.modalityGap == nil)
    }

    @Test func collapseIsNoticed() throws {
        let same = [[Float]](repeating: [0.6, 0.8, 0], count: 8)
        let panel = try #require(
            HealthScore.panels([observation(same, same, try layout(count: 8))], step: 1)
                .first?.panel)
        #expect(panel.collapse?.contains("mean cosine of 1.0") == true)
        #expect(panel.effectiveRank == nil)
        // All on one line through the origin: similar to nothing in the mean, and useless.
        let line = (0..<8).map { [Float($0 % 2 == 0 ? 1 : -1), 0, 0] }
        let flat = try #require(
            HealthScore.panels([observation(line, line, try layout(count: 8))], step: 1)
                .first?.panel)
        #expect(flat.collapse?.contains("directions") == true)
        for golden in try Self.golden().prefix(2) {
            let healthy = HealthScore.panels(
                [
                    observation(
                        golden.queries, golden.positives,
                        try layout(count: golden.queries.count))
                ], step: 1)
            #expect(healthy.first?.panel.collapse == nil)
        }
    }

    @Test func sequencesWithImagesAreKnown() throws {
        let batch = try ContrastiveBatch(
            input: EncoderInput(
                [.init(ids: [1, 2]), .init(ids: [3])], pixelValues: nil,
                for: PretrainedModel.configuration(
                    of: TrainingFixtures.checkpoint, names: [:])),
            sequences: [0, 1], negativeCounts: [0])
        #expect(batch.hasImage == [false, false])
    }
}
