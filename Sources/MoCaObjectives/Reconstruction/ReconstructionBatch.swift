// A corrupted batch of continual pre-training, and what was there before.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, V values of a patch.

package import MoCaModel
package import Torch

/// Which hidden state predicts a masked token.
package enum TokenTarget: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its own (the released code).
    case own
    /// The one before it (MoCa, section 3.1); the first token of a sequence is not predicted.
    case previous
}

/// Which subset each sequence of a batch is of.
package struct SequenceSubsets: Sendable, Hashable {
    /// Of the whole run, on all ranks alike.
    package var names: [String]
    /// For each sequence, the number of its subset's name.
    package var numbers: [Int]

    package init(names: [String], numbers: [Int]) {
        (self.names, self.numbers) = (names, numbers)
    }
}

/// One micro-batch.
package struct ReconstructionBatch {
    /// Sequences in which masked tokens and patches are replaced.
    package var input: EncoderInput
    /// What sums by subset are made by; nil without.
    package var subsets: SequenceSubsets?
    /// `[M]`: where in the packed tokens the masked text tokens stand.
    package let maskedTokens: [Int]
    /// `[M]`: the ids that stood there.
    package let tokenTargets: [Int32]
    /// `[R]`: where in the packed tokens the masked image tokens stand, in order.
    package let maskedImageTokens: [Int]
    /// `[mergeUnit * R]`: the patches that were replaced; nil when R = 0.
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

    /// float32 `[mergeUnit * R, V]`: the numbers of the patches that were replaced; nil when R = 0.
    package var patchTargets: Tensor? { targetPatches?.values() }

    /// Where the predicting states of masked tokens stand, and the ids that they predict.
    func predictions(_ target: TokenTarget) -> (states: [Int], ids: [Int32]) {
        guard target == .previous else { return (maskedTokens, tokenTargets) }
        let firsts = Set(input.sequenceStarts)
        let kept = zip(maskedTokens, tokenTargets).filter { !firsts.contains($0.0) }
        return (kept.map { $0.0 - 1 }, kept.map(\.1))
    }

    /// The number of the subset that each of the packed tokens `places` (ascending) is of.
    func subsetNumbers(of places: [Int]) -> [Int] {
        guard let subsets else { return [] }
        var sequence = 0
        return places.map { place in
            while place >= input.sequenceStarts[sequence + 1] { sequence += 1 }
            return subsets.numbers[sequence]
        }
    }
}
