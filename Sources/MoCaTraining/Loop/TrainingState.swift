// Everything beside weights and moments that a run continues from, as one value.

package import MoCaData
package import NN

/// How far a run has come.
package struct TrainingState: Sendable, Hashable, Codable {
    /// Updates done.
    package var step = 0
    package var sampleCount = 0
    package var tokenCount = 0
    /// Records that were left out because they failed.
    package var failureCount = 0
    /// What was cut off since the start.
    package var truncation = TruncationCount()
    /// Where the data stands; nil before the first step.
    package var cursor: DataCursor?
    /// What losses are multiplied by; nil unless weights are float16.
    package var lossScale: LossScale?
    /// Of the steps since the last logged one.
    package var interval = Interval()
    /// Steps whose loss or gradient was not finite, and which changed nothing.
    package var skippedStepCount = 0
    /// What losses were of late.
    package var spikes = LossSpikes()
    /// Whether the line of this step is still to be written: its evaluation was interrupted.
    package var isLogDue = false
    /// The last value of the metric that the best checkpoint is chosen by.
    package var watchedValue: Double?
    /// What the recipe decided, as text: a run goes on under the same recipe only.
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
