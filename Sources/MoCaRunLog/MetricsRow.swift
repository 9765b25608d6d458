// A line of metrics.jsonl: the figures of one logged step.

/// The figures of one logged step.
///
/// Losses and the gradient norm are means over the steps since the previous logged step. A nil
/// value is left out of the line; a non-finite value is written as null and read as NaN.
package struct MetricsRow: Sendable, Hashable {
    /// Name of the file in a run folder.
    package static let fileName = "metrics.jsonl"
    /// The first part of the name of every evaluation score.
    package static let scorePrefix = "eval/"

    /// The values of an evaluation under the names of scores.
    package static func namedScores(_ values: [String: Double]) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: values.map { (scorePrefix + $0.key, $0.value) })
    }

    /// The sum of a loss term over the rows of a subset, and the number of rows.
    package struct TermSum: Sendable, Hashable, Codable {
        /// The sum; nil when it is not finite.
        package var sum: Double?
        /// The number of summed values.
        package var count: Int

        /// Creates a sum of `count` values.
        package init(sum: Double, count: Int) {
            self.sum = sum.isFinite ? sum : nil
            self.count = count
        }
    }

    /// The number of finished steps.
    package var step: Int
    /// The number of drawn rows divided by the number of rows in the data.
    package var epoch = Double.nan
    /// The training loss.
    package var loss = Double.nan
    /// The terms of the loss by name, such as `mlm_loss`.
    package var terms: [String: Double] = [:]
    /// The learning rate of the last step.
    package var learningRate = Double.nan
    /// The Euclidean norm of the gradient before clipping.
    package var gradientNorm = Double.nan
    /// The Euclidean norm of all trained parameters.
    package var weightNorm = Double.nan
    /// The number of trained samples since the start of the run.
    package var sampleCount = 0
    /// The number of trained tokens since the start of the run.
    package var tokenCount = 0
    /// The number of records left out because they failed, since the start of the run.
    package var quarantinedCount = 0
    /// The number of steps without an update because the loss or the gradient was not finite, since
    /// the start of the run.
    package var skippedStepCount = 0
    /// The number of inputs shortened by `data.max_length` since the start of the run.
    package var truncatedContentCount = 0
    /// The number of tokens that truncation removed.
    package var droppedTokenCount = 0
    /// The number of images that truncation removed.
    package var droppedImageCount = 0
    /// The number of samples per second since the previous logged step.
    package var samplesPerSecond = Double.nan
    /// The number of tokens per second since the previous logged step.
    package var tokensPerSecond = Double.nan
    /// Model FLOPs utilization: the fraction of the device's measured matrix-product peak; 0 when
    /// the peak is unknown.
    package var mfu = Double.nan
    /// The seconds that steps waited for their data since the previous logged step.
    package var dataWaitSeconds = Double.nan
    /// The largest resident memory of the process in bytes.
    package var peakMemoryBytes = 0
    /// The resident memory of the process in bytes.
    package var memoryBytes = 0
    /// The seconds that training waited for checkpoints since the previous logged step.
    package var checkpointStallSeconds = Double.nan
    /// The largest memory held on the model's device in bytes; nil on a CPU.
    package var devicePeakMemoryBytes: Int?
    /// The memory held on the model's device in bytes; nil on a CPU.
    package var deviceMemoryBytes: Int?
    /// The used fraction of the sample budget; nil if steps have no budget.
    package var packingFill: Double?
    /// The factor that losses are multiplied by; nil unless the weights are float16.
    package var lossScale: Double?
    /// The number of steps that overflowed under the loss scale; nil unless the weights are
    /// float16.
    package var overflowedStepCount: Int?
    /// The duration of the evaluation in seconds; nil when none was due.
    package var evaluationSeconds: Double?
    /// The number of processes; nil for one.
    package var worldSize: Int?
    /// The mean fraction of the time since the previous logged step that the processes spent in
    /// exchanges, which is waiting for slower ones and transfers; nil for one process.
    package var rankWaitShare: Double?
    /// The rank that the others waited for most; nil for one process.
    package var slowestRank: Int?
    /// The figures of each process, in the order of ranks; empty for one process.
    package var ranks: [RankFigures] = []
    /// Evaluation scores by name, such as `eval/SET/precision_at_1`.
    package var scores: [String: Double] = [:]
    /// The loss of each data subset.
    package var subsetLosses: [String: Double] = [:]
    /// The loss terms of each data subset, by subset and term.
    package var subsetTerms: [String: [String: TermSum]] = [:]

    /// Creates a row without figures.
    package init(step: Int) { self.step = step }

    /// Sets the figures of the processes, and what follows from them.
    package mutating func setRanks(_ figures: [RankFigures]) {
        ranks = figures
        (worldSize, rankWaitShare) = (figures.count, figures.meanWaitShare)
        slowestRank = figures.slowest
    }

    /// The names of the values that differ between runs that are otherwise equal.
    package static let timings =
        [
            "samples_per_second", "tokens_per_second", "mfu", "peak_memory_bytes",
            "memory_bytes", "device_peak_memory_bytes", "device_memory_bytes", "data_wait_seconds",
            "checkpoint_stall_seconds", "evaluation_seconds", "rank_wait_share", "slowest_rank",
        ] + RankColumn.all.map(\.name)

    /// Returns the quantity of a name in `metrics.jsonl`: the loss, the gradient norm, a loss term
    /// or a score; nil for any other name.
    package func quantity(named name: String) -> Double? {
        switch name {
        case "loss": loss
        case "grad_norm": gradientNorm
        default: terms[name] ?? scores[name]
        }
    }

    /// The names for which `quantity(named:)` returns a value.
    package var quantityNames: [String] {
        ["loss", "grad_norm"] + terms.keys.sorted() + scores.keys.sorted()
    }
}
