// The prompts of an embedder as texts.

import MoCaCore

extension PromptRule {
    /// A template, and what it is for.
    package struct Description: Sendable, Hashable, Encodable {
        /// A role, or the contents that have this prompt in every role without one of its own.
        package let contents: String
        package let template: String
    }

    /// The templates of the contract by role, then those of the embedder.
    package var descriptions: [Description] {
        let own = templates.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { Description(contents: $0.key.rawValue, template: $0.value.text) }
        var standard: [(contents: String, template: String?)] = [
            ("texts", text?.text), ("text documents", textDocument?.text), ("images", image?.text),
        ]
        // What stands between texts and images that have no template.
        if let between = opening ?? (joiner.isEmpty ? nil : joiner) {
            standard += [
                ("texts", opening.map { $0 + "{text}" }),
                ("images and texts", "{image}\(between){text}"),
            ]
        }
        return own
            + standard.compactMap { entry in
                entry.template.map { Description(contents: entry.contents, template: $0) }
            }
    }
}
