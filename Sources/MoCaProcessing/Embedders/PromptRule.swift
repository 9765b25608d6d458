// What an embedder writes around a content.

import Foundation
package import MoCaCore
import MoCaModel

/// The prompts of an embedder: templates by role, and those of contents without a template of their
/// role.
package struct PromptRule: Sendable, Hashable {
    /// The templates of a model's contract, by role.
    package private(set) var templates: [Role: PromptTemplate] = [:]
    /// The template of contents without images; nil for none.
    var text: PromptTemplate?
    /// The template of text documents, if it is not that of other texts.
    var textDocument: PromptTemplate?
    /// The template of contents with images; nil for none.
    var image: PromptTemplate?
    /// The text between the segments of a content whose images have no places in its text.
    var joiner = ""
    /// The token that begins a content, behind its leading images, unless its text has it already;
    /// nil for none.
    var opening: String?
    /// The instruction that templates with `{instruction}` take.
    package var instruction: InstructionRule?
    /// Whether a content with an image must be that image alone.
    package var takesPagesOnly = false

    /// Takes the templates and the instruction of a contract.
    ///
    /// - Throws: `ProcessingError.badPrompt`.
    mutating func apply(_ contract: EmbeddingContract) throws(ProcessingError) {
        for (role, template) in contract.prompts {
            templates[role] = try PromptTemplate(template, role: role)
        }
        if let standard = contract.instruction { setInstruction(standard) }
    }

    /// Whether a content with images has a prompt in any role.
    package var hasImagePrompt: Bool { image != nil }

    /// Whether any of the templates has a place for an instruction.
    package var takesInstruction: Bool {
        (Array(templates.values) + [text, textDocument, image].compactMap { $0 })
            .contains(where: \.takesInstruction)
    }

    /// Replaces the instruction of contents that have none.
    package mutating func setInstruction(_ standard: String) {
        instruction = InstructionRule(
            standard: standard, endsSentences: instruction?.endsSentences ?? false)
    }

    /// The roles that change the prompt.
    package var roles: Set<Role> {
        let own: Set<Role> = textDocument == nil ? [] : [.query, .document]
        return own.union(templates.keys)
    }

    /// The content with the prompt around it.
    ///
    /// - Throws: `ProcessingError.notAPage` for a text beside an image that must be alone,
    ///   `.instructionUnused` for an instruction that the prompt has no place for.
    package func callAsFunction(
        _ content: Content, as role: Role?
    ) throws(ProcessingError) -> Content {
        if takesPagesOnly, content.hasImages, content.segments.count > 1 {
            throw .notAPage(segments: content.segments.count)
        }
        let template = role.flatMap { templates[$0] } ?? standardTemplate(content, role)
        guard content.instruction == nil || template?.takesInstruction == true else {
            throw .instructionUnused
        }
        let joined = joining(content)
        let rule = instruction ?? InstructionRule(standard: "")
        let prompted =
            template.map { $0(joined, instruction: rule(content.instruction)) } ?? joined
        return opening.map { opened(prompted, by: $0) } ?? prompted
    }

    private func opened(_ content: Content, by opening: String) -> Content {
        let hasOne = content.segments.contains { segment in
            if case .text(let text) = segment { text.contains(opening) } else { false }
        }
        guard !hasOne else { return content }
        let leading = content.segments.prefix { $0.isImage }
        let rest = content.segments.dropFirst(leading.count)
        return content.replacingSegments(Array(leading) + [.text(opening)] + Array(rest))
    }

    private func standardTemplate(_ content: Content, _ role: Role?) -> PromptTemplate? {
        guard !content.hasImages else { return image }
        return role == .document ? textDocument ?? text : text
    }

    private func joining(_ content: Content) -> Content {
        guard !joiner.isEmpty, !content.isArranged else { return content }
        var segments: [Content.Segment] = []
        for segment in content.segments {
            if !segments.isEmpty { segments.append(.text(joiner)) }
            segments.append(segment)
        }
        return content.replacingSegments(segments)
    }
}

/// How an instruction is written.
package struct InstructionRule: Sendable, Hashable {
    /// The instruction of contents that have none.
    package var standard: String
    /// Whether a full stop follows an instruction that does not end in punctuation.
    var endsSentences = false

    /// The text of an instruction; nil or blank for the standard one.
    func callAsFunction(_ given: String?) -> String {
        let trimmed = (given ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        let text = trimmed.isEmpty ? standard : trimmed
        guard endsSentences, let last = text.unicodeScalars.last, !last.isPunctuation else {
            return text
        }
        return text + "."
    }
}

extension Unicode.Scalar {
    /// Whether the general category is one of punctuation (`P`).
    fileprivate var isPunctuation: Bool {
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }
}
