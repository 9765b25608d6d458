// A batch of contrastive fine-tuning: queries, their positives, and hard negatives, packed together.

package import MoCaModel

/// One micro-batch; or a whole step's, in pieces that are computed one after the other.
package struct ContrastiveBatch {
    /// All queries, positives and negatives, in any order. Several pieces are computed with
    /// gradient caching; the loss is that of all of them together.
    package let pieces: [EncoderInput]
    /// For each query, then each positive, then each negative (those of the first query first):
    /// the sequence that it is, counted through the pieces.
    package let sequences: [Int]
    /// `[B]`: hard negatives of each query.
    package let negativeCounts: [Int]
    /// Equal numbers for equal contents, on all ranks: of each positive, then of each negative.
    /// Empty when repeated positives are not to be found.
    package let candidateIdentities: [Int]
    /// Equal numbers for equal targets: the same image, or the same text where there is none.
    /// As long as `candidateIdentities`, or empty.
    package var targetIdentities: [Int] = []
    /// What a teacher scores each query's positive, then each negative; NaN where it does not.
    /// As long as `candidateIdentities`, or empty.
    package var teacherScores: [Double] = []
    /// The subset that all of it is of, on all ranks; nil when it is of several.
    package var subset: String?

    package init(
        pieces: [EncoderInput], sequences: [Int], negativeCounts: [Int],
        candidateIdentities: [Int] = []
    ) {
        let negatives = negativeCounts.reduce(0, +)
        precondition(sequences.count == 2 * negativeCounts.count + negatives)
        precondition(
            candidateIdentities.isEmpty
                || candidateIdentities.count == negativeCounts.count + negatives)
        self.pieces = pieces
        self.sequences = sequences
        self.negativeCounts = negativeCounts
        self.candidateIdentities = candidateIdentities
    }

    package init(
        input: EncoderInput, sequences: [Int], negativeCounts: [Int],
        candidateIdentities: [Int] = []
    ) {
        self.init(
            pieces: [input], sequences: sequences, negativeCounts: negativeCounts,
            candidateIdentities: candidateIdentities)
    }

    /// B.
    package var queryCount: Int { negativeCounts.count }

    /// All pieces in one; copies their patches where there are several.
    package var input: EncoderInput { EncoderInput(joining: pieces) }

    /// The batch cut into chunks of at most `tokensMax` tokens.
    package func inPieces(tokensMax: Int) -> ContrastiveBatch {
        var batch = ContrastiveBatch(
            pieces: pieces.flatMap { $0.pieces(tokensMax: tokensMax) }, sequences: sequences,
            negativeCounts: negativeCounts, candidateIdentities: candidateIdentities)
        (batch.targetIdentities, batch.teacherScores) = (targetIdentities, teacherScores)
        batch.subset = subset
        return batch
    }
}
