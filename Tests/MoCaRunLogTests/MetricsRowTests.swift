import Foundation
import Testing

@testable import MoCaRunLog

/// Lines of metrics.jsonl, to the byte.
@Suite struct MetricsRowTests {
    private static let fullLine =
        #"{"step": 20, "epoch": 0.125, "loss": 5.0625, "mae_loss": 0.625, "mlm_loss": "#
        + #"5.0, "learning_rate": 1e-05, "grad_norm": 1e+22, "weight_norm": 321.75, "sam"#
        + #"ples": 640, "tokens": 81920, "quarantined": 2, "skipped_steps": 1, "truncate"#
        + #"d_contents": 4, "dropped_tokens": 50, "dropped_images": 6, "samples_per_seco"#
        + #"nd": 12.5, "tokens_per_second": 1600.0, "mfu": 0.25, "data_wait_seconds": 0."#
        + #"1, "peak_memory_bytes": 4000000000, "memory_bytes": 3000000000, "checkpoint_"#
        + #"stall_seconds": 1e-07, "device_peak_memory_bytes": 3221225472, "device_memor"#
        + #"y_bytes": 1073741824, "packing_fill": 0.975, "loss_scale": 65536.0, "overflo"#
        + #"wed_steps": 3, "evaluation_seconds": 2.5, "eval/Set/precision_at_1": 0.5, "e"#
        + #"val/mean/precision_at_1": null, "subset_losses": {"a": null, "b \"q\"/x": 3."#
        + #"125}, "subset_terms": {"a": {"mae_loss": {"sum": 3.0, "count": 8}, "mlm_loss"#
        + #"": {"sum": null, "count": 2}}, "b \"q\"/x": {"mlm_loss": {"sum": 12.5, "coun"#
        + #"t": 4}}}}"#

    private static let firstLine =
        #"{"step": 1, "epoch": 0.0, "loss": null, "contrastive_loss": null, "learning_"#
        + #"rate": 0.0, "grad_norm": 0.0, "weight_norm": null, "samples": 1, "tokens": 2"#
        + #", "quarantined": 0, "skipped_steps": 0, "truncated_contents": 0, "dropped_to"#
        + #"kens": 0, "dropped_images": 0, "samples_per_second": 0.0, "tokens_per_second"#
        + #"": 0.0, "mfu": 0.0, "data_wait_seconds": 0.0, "peak_memory_bytes": 0, "memor"#
        + #"y_bytes": 0, "checkpoint_stall_seconds": 0.0}"#

    /// A row with every figure.
    private static var full: MetricsRow {
        var row = MetricsRow(step: 20)
        row.epoch = 0.125
        row.loss = 5.0625
        row.terms = ["mlm_loss": 5, "mae_loss": 0.625]
        row.learningRate = 1e-5
        row.gradientNorm = 1e22
        row.weightNorm = 321.75
        row.sampleCount = 640
        row.tokenCount = 81_920
        row.quarantinedCount = 2
        row.skippedStepCount = 1
        row.truncatedContentCount = 4
        row.droppedTokenCount = 50
        row.droppedImageCount = 6
        row.samplesPerSecond = 12.5
        row.tokensPerSecond = 1600
        row.mfu = 0.25
        row.dataWaitSeconds = 0.1
        row.peakMemoryBytes = 4_000_000_000
        row.memoryBytes = 3_000_000_000
        row.checkpointStallSeconds = 1e-7
        row.devicePeakMemoryBytes = 3 << 30
        row.deviceMemoryBytes = 1 << 30
        row.packingFill = 0.975
        row.lossScale = 65536
        row.overflowedStepCount = 3
        row.evaluationSeconds = 2.5
        row.scores = ["eval/Set/precision_at_1": 0.5, "eval/mean/precision_at_1": .nan]
        row.subsetLosses = ["b \"q\"/x": 3.125, "a": .nan]
        row.subsetTerms = [
            "b \"q\"/x": ["mlm_loss": .init(sum: 12.5, count: 4)],
            "a": [
                "mae_loss": .init(sum: 3, count: 8), "mlm_loss": .init(sum: .nan, count: 2),
            ],
        ]
        return row
    }

    /// A row of a first step whose loss is not finite.
    private static var first: MetricsRow {
        var row = MetricsRow(step: 1)
        row.epoch = 0
        row.loss = .infinity
        row.terms = ["contrastive_loss": .nan]
        row.learningRate = 0
        row.gradientNorm = 0
        row.sampleCount = 1
        row.tokenCount = 2
        row.samplesPerSecond = 0
        row.tokensPerSecond = 0
        row.mfu = 0
        row.dataWaitSeconds = 0
        row.checkpointStallSeconds = 0
        return row
    }

    @Test func linesKeepTheirBytes() {
        #expect(Self.full.jsonLine == Self.fullLine)
        #expect(Self.first.jsonLine == Self.firstLine)
    }

    @Test(arguments: [fullLine, firstLine])
    func whatIsReadIsWrittenAgain(line: String) throws {
        let row = try JSONDecoder().decode(MetricsRow.self, from: Data(line.utf8))
        #expect(row.jsonLine == line)
    }

    /// Lines of earlier builds have fewer figures, and may have others.
    @Test func figuresMayBeMissing() throws {
        let line = #"{"step": 4, "loss": 2, "tokens": 3e3, "surprise": 4, "name": "x", "set": {}}"#
        let row = try JSONDecoder().decode(MetricsRow.self, from: Data(line.utf8))
        #expect(row.step == 4 && row.loss == 2 && row.tokenCount == 3000)
        #expect(row.terms == ["surprise": 4])
        #expect(row.learningRate.isNaN && row.packingFill == nil)
    }

    @Test func everyFiniteNumberIsAScalar() {
        var row = MetricsRow(step: 4)
        row.loss = 1.5
        row.scores = ["eval/a": 0.25]
        row.subsetLosses = ["b": 2, "a": 0.5, "c": .nan]
        row.subsetTerms = ["a": ["mlm_loss": .init(sum: 3, count: 2)]]
        let values = row.eventValues.filter { $0.value != .scalar(0) }
        #expect(
            values.map(\.tag) == [
                "eval/a", "loss", "subset_losses/a", "subset_losses/b",
                "subset_terms/a/mlm_loss/count", "subset_terms/a/mlm_loss/sum",
            ])
        #expect(values.map(\.value) == [0.25, 1.5, 0.5, 2, 2, 3].map { .scalar($0) })
        let tags = Self.full.eventValues.map(\.tag)
        #expect(tags.contains("device_memory_bytes") && !tags.contains("eval/mean/precision_at_1"))
        #expect(!tags.contains("step"))
    }

    @Test func quantitiesHaveNames() {
        let row = Self.full
        #expect(
            row.quantityNames == [
                "loss", "grad_norm", "mae_loss", "mlm_loss", "eval/Set/precision_at_1",
                "eval/mean/precision_at_1",
            ])
        #expect(row.quantity(named: "mae_loss") == 0.625)
        #expect(row.quantity(named: "eval/Set/precision_at_1") == 0.5)
        #expect(row.quantity(named: "tokens") == nil)
    }
}
