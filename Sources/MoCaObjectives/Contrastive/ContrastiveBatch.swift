// A batch of contrastive fine-tuning: packed queries, positives and hard negatives.

package import MoCaModel

/// One microbatch, or the batch of a whole step in chunks that are computed in sequence.
package struct ContrastiveBatch {
    /// The chunks with all queries, positives and negatives, in any order. Several chunks are
    /// computed with gradient caching; the loss covers all of them together.
    package let pieces: [EncoderInput]
    /// The sequence index, counted over all chunks, of each query, then of each positive, then of
    /// each negative (those of the first query first).
    package let sequences: [Int]
    /// `[B]`: the number of hard negatives of each query.
    package let negativeCounts: [Int]
    /// The content hash, equal on all ranks, of each positive, then of each negative; empty
    /// disables the search for repeated positives.
    package let candidateIdentities: [Int]
    /// The hash of each candidate's target: its images, or its text without images. As long as
    /// `candidateIdentities`, or empty.
    package var targetIdentities: [Int] = []
    /// A teacher's scores of each query's positive, then of each negative; NaN where unknown. As
    /// long as `candidateIdentities`, or empty.
    package var teacherScores: [Double] = []
    /// The subset of the batch on all ranks; nil when its samples are from several subsets.
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

    /// The number of queries, B.
    package var queryCount: Int { negativeCounts.count }

    /// All chunks as one input; the patches are copied if there are several chunks.
    package var input: EncoderInput { EncoderInput(joining: pieces) }

    /// Returns the batch in chunks of at most `tokensMax` tokens.
    package func inPieces(tokensMax: Int) -> ContrastiveBatch {
        var batch = ContrastiveBatch(
            pieces: pieces.flatMap { $0.pieces(tokensMax: tokensMax) }, sequences: sequences,
            negativeCounts: negativeCounts, candidateIdentities: candidateIdentities)
        (batch.targetIdentities, batch.teacherScores) = (targetIdentities, teacherScores)
        batch.subset = subset
        return batch
    }
}
