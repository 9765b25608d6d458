// Canonical names of checkpoint tensors that programs need to know.

/// Names of tensors in checkpoint files.
package enum CheckpointKeys {
    /// The embedding matrix, which a tied model also uses as its output.
    package static let embedding = "model.embed_tokens.weight"
    /// The output matrix of an untied model.
    package static let head = "lm_head.weight"

    /// The logarithm of the scale of similarities, if it is trained.
    package static let logScale = "contrastive.log_scale"

    /// The canonical name of a stored tensor; an unknown name is returned as it is.
    package static func canonical(_ stored: String) -> String {
        Families.keyRules.canonical(stored)
    }

    /// The table from canonical to stored names. Throws `sameParameter` if two stored names have
    /// the same canonical name.
    package static func table(
        of stored: some Sequence<String>
    ) throws(ModelError) -> [String: String] {
        try Families.keyRules.table(of: stored)
    }

    /// Whether a canonical name belongs to a pre-training head.
    package static func isPretrainingHead(_ key: String) -> Bool {
        key.hasPrefix("mae_decoder.") || key.hasPrefix("mae_proj.")
    }

    /// Whether a canonical name belongs to the projection of a late-interaction embedder.
    package static func isTokenProjection(_ key: String) -> Bool {
        key.hasPrefix(TokenProjection.name + ".")
    }

    /// Whether a name is a buffer that old versions saved and every model computes itself.
    package static func isComputedBuffer(_ key: String) -> Bool {
        key.hasSuffix("rotary_emb.inv_freq") || key.hasSuffix("rotary_pos_emb.inv_freq")
    }

    /// Whether a model without a parameter of this canonical name preserves the tensor when saved.
    package static func isCarried(_ key: String, isTied: Bool) -> Bool {
        !isComputedBuffer(key) && !(isTied && key == head)
    }
}

/// The tensors that a checkpoint may lack or have in excess, for one use of one model.
package struct CheckpointRules: Sendable, Hashable {
    /// The purpose for which weights are loaded.
    package enum Purpose: Sendable, Hashable {
        /// Hidden states only: neither `lm_head` nor the pre-training heads are needed.
        case embedding
        /// Hidden states, the language model's output and the patch decoder.
        case pretraining
    }

    package var purpose: Purpose
    /// Whether the model has one matrix for input and output embeddings.
    package var isTied: Bool

    /// The prefixes of canonical names that the model does not use.
    package var unusedKeys: [String]

    package init(purpose: Purpose, isTied: Bool, unusedKeys: [String] = []) {
        self.purpose = purpose
        self.isTied = isTied
        self.unusedKeys = unusedKeys
    }

    /// Whether a tensor of the file, by canonical name, may be unused.
    package func mayBeUnused(_ key: String) -> Bool {
        if CheckpointKeys.isComputedBuffer(key) || key == CheckpointKeys.logScale { return true }
        if unusedKeys.contains(where: key.hasPrefix) { return true }
        // Loaded for late interaction only; other uses of the same weights do without.
        if CheckpointKeys.isTokenProjection(key) { return true }
        if key == CheckpointKeys.head { return isTied || purpose == .embedding }
        return purpose == .embedding && CheckpointKeys.isPretrainingHead(key)
    }
}
