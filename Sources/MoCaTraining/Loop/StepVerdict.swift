// What the processes of a run agree on before they compute a step: whether they go on, and what the
// step holds over all of them.

import MoCaObjectives

/// The decision whether a step is computed, and the counts of the step.
///
/// Ranks exchange one verdict a step. A rank that was asked to stop, or whose data or checkpoint
/// failed, must not leave the loop alone: the others would wait for it in the next exchange.
struct StepVerdict: Sendable, Hashable {
    /// Whether a rank was asked to stop.
    var isStopRequested = false
    /// Whether a rank cannot go on.
    var hasFailed = false
    /// The tokens of the step's sequences.
    var tokenCount = 0
    /// What was cut off the step's contents.
    var truncation = TruncationCount()

    /// The verdict of all ranks.
    func agreed(over collectives: any Collectives) -> StepVerdict {
        let counts = [tokenCount, truncation.contents, truncation.tokens, truncation.images]
        let sums = collectives.sum(
            [isStopRequested ? 1 : 0, hasFailed ? 1 : 0] + counts.map(Double.init)
        ).map { Int($0) }
        var verdict = StepVerdict(
            isStopRequested: sums[0] > 0, hasFailed: sums[1] > 0, tokenCount: sums[2])
        verdict.truncation.contents = sums[3]
        verdict.truncation.tokens = sums[4]
        verdict.truncation.images = sums[5]
        return verdict
    }
}
