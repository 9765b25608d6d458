// A corrupted batch of continual pre-training with its original tokens and patches.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, V values of a patch.

package import MoCaModel
package import Torch

/// The hidden state that predicts a masked token.
package enum TokenTarget: String, Sendable, Hashable, Codable, CaseIterable {
    /// The state of the masked token (the released code).
    case own
    /// The state of the preceding token (MoCa, section 3.1); the first token of a sequence is not
    /// predicted.
    case previous
}

/// The subset of each sequence of a batch.
package struct SequenceSubsets: Sendable, Hashable {
    /// The names of the run's subsets, equal on all ranks.
    package var names: [String]
    /// For each sequence, the index of its subset in `names`.
    package var numbers: [Int]

    package init(names: [String], numbers: [Int]) {
        (self.names, self.numbers) = (names, numbers)
    }
}

/// A microbatch of pre-training.
package struct ReconstructionBatch {
    /// The sequences, in which masked tokens and patches are replaced.
    package var input: EncoderInput
    /// The subsets of the sequences; nil disables sums by subset.
    package var subsets: SequenceSubsets?
    /// `[M]`: the indices of the masked text tokens among the packed tokens.
    package let maskedTokens: [Int]
    /// `[M]`: the original ids of the masked text tokens.
    package let tokenTargets: [Int32]
    /// `[R]`: the indices of the masked image tokens among the packed tokens, ascending.
    package let maskedImageTokens: [Int]
    /// `[mergeUnit * R]`: the original patches that were replaced; nil when R = 0.
    package let targetPatches: PatchPixels?

    package init(
        input: EncoderInput, maskedTokens: [Int], tokenTargets: [Int32],
        maskedImageTokens: [Int], targetPatches: PatchPixels?
    ) {
        precondition(maskedTokens.count == tokenTargets.count, "one target a masked token")
        self.input = input
        (self.maskedTokens, self.tokenTargets) = (maskedTokens, tokenTargets)
        self.maskedImageTokens = maskedImageTokens
        self.targetPatches = targetPatches
    }

    /// float32 `[mergeUnit * R, V]`: the values of the replaced patches; nil when R = 0.
    package var patchTargets: Tensor? { targetPatches?.values() }

    /// Returns the indices of the states that predict masked tokens, and the ids to predict.
    func predictions(_ target: TokenTarget) -> (states: [Int], ids: [Int32]) {
        guard target == .previous else { return (maskedTokens, tokenTargets) }
        let firsts = Set(input.sequenceStarts)
        let kept = zip(maskedTokens, tokenTargets).filter { !firsts.contains($0.0) }
        return (kept.map { $0.0 - 1 }, kept.map(\.1))
    }

    /// Returns the subset index of each of the packed tokens `places`, which must be ascending.
    func subsetNumbers(of places: [Int]) -> [Int] {
        guard let subsets else { return [] }
        var sequence = 0
        return places.map { place in
            while place >= input.sequenceStarts[sequence + 1] { sequence += 1 }
            return subsets.numbers[sequence]
        }
    }
}
