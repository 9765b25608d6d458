// The names of a saved batch's tensors, for who reads and who writes them.

extension ReplayBatch {
    /// The tensors of a file; those of rows stand behind the prefix of their side.
    enum Part: String {
        // Of rows.
        case inputIDs = "input_ids"
        case attentionMask = "attention_mask"
        case pixelValues = "pixel_values"
        case imageGrids = "image_grid_thw"
        // Of pre-training.
        case labels
        case maskedPatches = "mae_pred_mask"
        case patchTargets = "pixel_labels"
        // Of contrastive training.
        case negativeCounts = "negative_counts"
        case candidateIdentities = "candidate_identities"
        case targetIdentities = "target_identities"
        case teacherScores = "teacher_scores"
        case sequences
        case pieceStarts = "piece_starts"
    }

    /// Whose rows tensors are; none in pre-training.
    enum Side: String {
        case none = ""
        case query = "query."
        case positive = "positive."
        case negative = "negative."

        /// The name of a tensor of this side's rows.
        func name(_ part: Part) -> TensorName { TensorName(text: rawValue + part.rawValue) }
    }

    /// A name in the file.
    struct TensorName: Sendable, Hashable {
        let text: String

        static let labels = Side.none.name(.labels)
        static let maskedPatches = Side.none.name(.maskedPatches)
        static let patchTargets = Side.none.name(.patchTargets)
        static let negativeCounts = Side.none.name(.negativeCounts)
        static let candidateIdentities = Side.none.name(.candidateIdentities)
        static let targetIdentities = Side.none.name(.targetIdentities)
        static let teacherScores = Side.none.name(.teacherScores)
        static let sequences = Side.none.name(.sequences)
        static let pieceStarts = Side.none.name(.pieceStarts)
    }
}
