// The tensor names of a saved batch, for reading and writing.

extension ReplayBatch {
    /// The tensors of a file; tensors of rows are prefixed with their side.
    enum Part: String {
        // Tensors of rows.
        case inputIDs = "input_ids"
        case attentionMask = "attention_mask"
        case pixelValues = "pixel_values"
        case imageGrids = "image_grid_thw"
        // Instead of grids, for families whose images have other plans.
        case imagePlans = "image_plans"
        case imageCounts = "image_counts"
        // Tensors of pre-training.
        case labels
        case maskedPatches = "mae_pred_mask"
        case patchTargets = "pixel_labels"
        // Tensors of contrastive training.
        case negativeCounts = "negative_counts"
        case candidateIdentities = "candidate_identities"
        case targetIdentities = "target_identities"
        case teacherScores = "teacher_scores"
        case sequences
        case pieceStarts = "piece_starts"
    }

    /// The side that rows belong to; none in pre-training.
    enum Side: String {
        case none = ""
        case query = "query."
        case positive = "positive."
        case negative = "negative."

        /// Returns the name of a tensor of this side's rows.
        func name(_ part: Part) -> TensorName { TensorName(text: rawValue + part.rawValue) }
    }

    /// The name of a tensor in the file.
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
