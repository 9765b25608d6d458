// Canonical names of checkpoint tensors, for every program that saves them. The table below only
// renames; no tensor is changed.
//
// Canonical names are those of transformers < 4.52 (`model.embed_tokens.weight`,
// `model.layers.N.*`, `model.norm.weight`, `visual.*`, `lm_head.weight`) and MoCa's own
// `mae_decoder.*` and `mae_proj.*`.

/// Names of tensors in checkpoint files.
package enum CheckpointKeys {
    /// Stored prefixes and their canonical replacements; the first match applies.
    package static let prefixes: [(stored: String, canonical: String)] = [
        // transformers >= 4.52, whole model
        ("model.language_model.", "model."),
        ("model.visual.", "visual."),
        // transformers >= 4.52, saved without its head (Qwen2_5_VLModel)
        ("language_model.", "model."),
        // the language model alone
        ("embed_tokens.", "model.embed_tokens."),
        ("layers.", "model.layers."),
        ("norm.", "model.norm."),
        // unchanged: transformers < 4.52, checkpoints saved by transformers 5, and MoCa
        ("model.", "model."),
        ("visual.", "visual."),
        ("lm_head.", "lm_head."),
        ("mae_decoder.", "mae_decoder."),
        ("mae_proj.", "mae_proj."),
    ]

    /// The embedding matrix, which a tied model also uses as its output.
    package static let embedding = "model.embed_tokens.weight"
    /// The output matrix of an untied model.
    package static let head = "lm_head.weight"

    /// The logarithm of the scale of similarities, if it is trained.
    package static let logScale = "contrastive.log_scale"

    /// The canonical name of a stored tensor; an unknown name is returned as it is.
    package static func canonical(_ stored: String) -> String {
        for (old, new) in prefixes where stored.hasPrefix(old) {
            return new + stored.dropFirst(old.count)
        }
        return stored
    }

    /// The table from canonical to stored names. Throws `sameParameter` if two stored names have
    /// the same canonical name.
    package static func table(
        of stored: some Sequence<String>
    ) throws(ModelError) -> [String: String] {
        var table: [String: String] = [:]
        for name in stored.sorted() {
            let parameter = canonical(name)
            if let first = table.updateValue(name, forKey: parameter) {
                throw .sameParameter(first: first, second: name, parameter: parameter)
            }
        }
        return table
    }

    /// Whether a canonical name belongs to a pre-training head.
    package static func isPretrainingHead(_ key: String) -> Bool {
        key.hasPrefix("mae_decoder.") || key.hasPrefix("mae_proj.")
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

    package init(purpose: Purpose, isTied: Bool) {
        self.purpose = purpose
        self.isTied = isTied
    }

    /// Whether a tensor of the file, by canonical name, may be unused.
    package func mayBeUnused(_ key: String) -> Bool {
        if CheckpointKeys.isComputedBuffer(key) || key == CheckpointKeys.logScale { return true }
        if key == CheckpointKeys.head { return isTied || purpose == .embedding }
        return purpose == .embedding && CheckpointKeys.isPretrainingHead(key)
    }
}
