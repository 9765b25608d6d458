// A batch of contrastive fine-tuning: queries, their positives, and hard negatives, packed together.

package import MoCaModel

/// One micro-batch.
package struct ContrastiveBatch {
    /// All queries, positives and negatives, in any order.
    package let input: EncoderInput
    /// For each query, then each positive, then each negative (those of the first query first):
    /// the sequence of `input` that it is.
    package let sequences: [Int]
    /// `[B]`: hard negatives of each query.
    package let negativeCounts: [Int]
    /// Equal numbers for equal contents: of each positive, then of each negative. Empty when
    /// repeated positives are not to be found.
    package let candidateIdentities: [Int]

    package init(
        input: EncoderInput, sequences: [Int], negativeCounts: [Int],
        candidateIdentities: [Int] = []
    ) {
        let negatives = negativeCounts.reduce(0, +)
        precondition(sequences.count == 2 * negativeCounts.count + negatives)
        precondition(
            candidateIdentities.isEmpty
                || candidateIdentities.count == negativeCounts.count + negatives)
        self.input = input
        self.sequences = sequences
        self.negativeCounts = negativeCounts
        self.candidateIdentities = candidateIdentities
    }

    /// B.
    package var queryCount: Int { negativeCounts.count }
}
