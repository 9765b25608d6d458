import MoCaRunLog
import Testing

@testable import MoCaTraining

/// The line of a logged step for people.
@Suite struct MetricsRowLineTests {
    @Test func everythingIsShown() {
        var row = MetricsRow(step: 20)
        row.loss = 5.0625
        row.terms = ["mlm_loss": 5, "mae_loss": 0.625]
        row.learningRate = 1e-5
        row.gradientNorm = 321.75
        row.sampleCount = 640
        row.samplesPerSecond = 12.5
        row.tokensPerSecond = 1600
        row.mfu = 0.25
        row.dataWaitSeconds = 0.1
        row.peakMemoryBytes = 4_000_000_000
        row.overflowedStepCount = 3
        row.quarantinedCount = 2
        row.skippedStepCount = 1
        row.scores = ["eval/Set/precision_at_1": 0.5, "eval/mean/precision_at_1": 0.25]
        #expect(
            row.line(totalSteps: 100)
                == "step  20/100  loss 5.0625  mae 0.6250  mlm 5.0000  lr 1.00e-05  norm 321.75"
                + "  12.5 samples/s  1600 tokens/s  mfu 0.25  waited 0.1 s  3 overflowed"
                + "  2 quarantined  1 skipped  eval/mean/precision_at_1 0.2500  4.00 GB"
                + "  3 min left")
    }

    @Test func severalProcessesAreShown() {
        var row = MetricsRow(step: 20)
        row.dataWaitSeconds = 0.1
        var ranks = [RankFigures](repeating: RankFigures(), count: 8)
        for rank in ranks.indices {
            ranks[rank].computingSeconds = 97
            ranks[rank].exchangeSeconds = 3
        }
        row.setRanks(ranks)
        #expect(
            row.line(totalSteps: 100).contains("waited 0.1 s  ranks 8  waiting 3 %  0.00 GB"))
    }

    @Test func whatIsNotThereIsNotShown() {
        var row = MetricsRow(step: 1)
        row.loss = .infinity
        row.terms = ["contrastive_loss": 2]
        row.learningRate = 0
        row.gradientNorm = 0
        row.samplesPerSecond = 0
        row.tokensPerSecond = 0
        row.mfu = 0
        row.dataWaitSeconds = 0
        #expect(
            row.line(totalSteps: 100)
                == "step   1/100  loss inf  lr 0.00e+00  norm 0.00  0.0 samples/s  0 tokens/s"
                + "  waited 0.0 s  0.00 GB  0 s left")
    }
}
