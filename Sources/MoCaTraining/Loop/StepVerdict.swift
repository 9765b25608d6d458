// What the processes of a run agree on before each step: whether to continue, and the counts of the
// step over all ranks.

import Torch
import MoCaObjectives
import MoCaProcessing

/// The decision whether a step is computed, and the counts of the step.
///
/// Ranks exchange one verdict per step. A rank with a stop request or with a failed data source or
/// checkpoint must not leave the loop alone: the others would wait for it in the next exchange.
struct StepVerdict: Sendable, Hashable {
    /// Whether a stop was requested on any rank.
    var isStopRequested = false
    /// Whether any rank failed and cannot continue.
    var hasFailed = false
    /// Whether any rank has no state to save if the run ends now.
    var hasNothingToKeep = false
    /// The FLOPs of the step's matrix products.
    var operations = 0.0
    /// The tokens of the step's sequences.
    var tokenCount = 0
    /// The amount of content truncated in the step.
    var truncation = Truncated()

    /// Returns the verdict combined over all ranks.
    func agreed(over collectives: any Collectives) -> StepVerdict {
        let counts = [tokenCount, truncation.contents, truncation.tokens, truncation.images]
        let sums = collectives.sum(
            [isStopRequested ? 1 : 0, hasFailed ? 1 : 0, hasNothingToKeep ? 1 : 0, operations]
                + counts.map(Double.init))
        var verdict = StepVerdict(
            isStopRequested: sums[0] > 0, hasFailed: sums[1] > 0, hasNothingToKeep: sums[2] > 0,
            operations: sums[3], tokenCount: Int(sums[4]))
        verdict.truncation.contents = Int(sums[5])
        verdict.truncation.tokens = Int(sums[6])
        verdict.truncation.images = Int(sums[7])
        return verdict
    }
}
