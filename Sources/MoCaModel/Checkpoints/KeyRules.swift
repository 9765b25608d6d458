// The names under which a family's checkpoints hold its tensors. The tables only rename; no tensor
// is changed.

/// The renaming between the stored names of a family's checkpoints and the canonical ones, which
/// are the module paths of this program.
package struct KeyRules: Sendable {
    /// Stored prefixes and their canonical replacements; the first match applies.
    package var read: [(stored: String, canonical: String)]
    /// Canonical prefixes and those that are written; the first match applies. A name without a
    /// match is written as it is.
    package var written: [(canonical: String, stored: String)] = []

    /// The canonical name of a stored tensor; an unknown name is returned as it is.
    package func canonical(_ stored: String) -> String {
        for (old, new) in read where stored.hasPrefix(old) {
            return new + stored.dropFirst(old.count)
        }
        return stored
    }

    /// The name under which a canonical one is written.
    package func written(_ canonical: String) -> String {
        for (old, new) in written where canonical.hasPrefix(old) {
            return new + canonical.dropFirst(old.count)
        }
        return canonical
    }

    /// The table from canonical to stored names. Throws `sameParameter` if two stored names have
    /// the same canonical name.
    package func table(of stored: some Sequence<String>) throws(ModelError) -> [String: String] {
        var table: [String: String] = [:]
        for name in stored.sorted() {
            let parameter = canonical(name)
            if let first = table.updateValue(name, forKey: parameter) {
                throw .sameParameter(first: first, second: name, parameter: parameter)
            }
        }
        return table
    }
}

extension KeyRules {
    /// The rules of models whose images are tokens of the sequence. Canonical names are those of
    /// transformers < 4.52 (`model.embed_tokens.weight`, `model.layers.N.*`, `model.norm.weight`,
    /// `visual.*`, `lm_head.weight`) and MoCa's own `mae_decoder.*` and `mae_proj.*`.
    package static let imageTokens = KeyRules(read: [
        // transformers >= 4.52, whole model
        ("model.language_model.", "model."),
        ("model.visual.", "visual."),
        // transformers' class for late interaction, around the whole model
        ("vlm.model.language_model.", "model."),
        ("vlm.model.visual.", "visual."),
        ("vlm.language_model.", "model."),
        ("vlm.visual.", "visual."),
        ("vlm.", ""),
        ("embedding_proj_layer.", "\(TokenProjection.name)."),
        // transformers >= 4.52, saved without its head
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
    ])

    /// The rules of models that never had the canonical names in files: newer ones are written.
    package static let nestedImageTokens = KeyRules(
        read: imageTokens.read,
        written: [("model.", "model.language_model."), ("visual.", "model.visual.")])
}
