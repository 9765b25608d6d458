// Everything other than weights and moments that a run continues from, as one value.

package import MoCaData
package import MoCaProcessing
package import NN

/// The progress of a run.
package struct TrainingState: Sendable, Hashable, Codable {
    /// The number of completed steps.
    package var step = 0
    package var sampleCount = 0
    package var tokenCount = 0
    /// The number of records skipped because they failed.
    package var failureCount = 0
    /// The amount of content truncated since the start.
    package var truncation = Truncated()
    /// The position in the data; nil before the first step.
    package var cursor: DataCursor?
    /// The factor that losses are multiplied by; nil unless weights are float16.
    package var lossScale: LossScale?
    /// Sums over the steps since the last logged one.
    package var interval = Interval()
    /// The number of steps skipped because their loss or gradient was not finite.
    package var skippedStepCount = 0
    /// The recent losses, for spike detection.
    package var spikes = LossSpikes()
    /// Whether this step's metrics row is still to be written: its evaluation was interrupted.
    package var isLogDue = false
    /// The last value of the metric that selects the best checkpoint.
    package var watchedValue: Double?
    /// The decisive settings of the recipe as text: a run resumes only under the same recipe.
    package var recipe: String

    package init(recipe: String) {
        self.recipe = recipe
    }

    /// Counts a step as done.
    mutating func advance<Batch>(past prepared: PreparedStep<Batch>, verdict: StepVerdict) {
        step += 1
        sampleCount += prepared.ids.count
        tokenCount += verdict.tokenCount
        failureCount = prepared.failureCount
        truncation += verdict.truncation
        cursor = prepared.cursor
    }
}
