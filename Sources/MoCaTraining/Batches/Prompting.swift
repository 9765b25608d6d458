// The texts that a recipe removes from contents, and the templates that it puts around them.

import Foundation
package import MoCaCore
import MoCaProcessing

/// Applies `data.prompts` to contents.
package struct Prompting: Sendable {
    /// The role of a content in a contrastive sample.
    package enum Side: String, CaseIterable, Sendable {
        case query, positive, negative
    }

    private let removed: [String]
    private let common: [Side: PromptTemplate]
    private let subsets: [String: [Side: PromptTemplate]]

    /// Parses the templates of a recipe.
    ///
    /// - Throws: `ProcessingError.badPrompt`.
    package init(_ settings: Recipe.Prompts) throws {
        // A text that contains another one must be removed first.
        removed = settings.removed.sorted { $0.count > $1.count }
        common = try Self.templates(settings.templates)
        subsets = try settings.subsets.mapValues { try Self.templates($0) }
    }

    private static func templates(
        _ settings: Recipe.Prompts.Templates
    ) throws -> [Side: PromptTemplate] {
        let texts: [Side: String?] = [
            .query: settings.query, .positive: settings.positive,
            .negative: settings.negative ?? settings.positive,
        ]
        var templates: [Side: PromptTemplate] = [:]
        for (side, text) in texts {
            guard let text else { continue }
            templates[side] = try PromptTemplate(text, role: Role(rawValue: side.rawValue))
        }
        return templates
    }

    /// Returns the content as the model sees it.
    package func callAsFunction(_ content: Content, _ side: Side, subset: String) -> Content {
        let template = subsets[subset]?[side] ?? common[side]
        let stripped = removed.isEmpty ? content : strip(content)
        return template?(stripped) ?? stripped
    }

    private func strip(_ content: Content) -> Content {
        content.replacingSegments(
            content.segments.compactMap { segment -> Content.Segment? in
                guard case .text(let text) = segment else { return segment }
                let left = removed.reduce(text) { $0.replacing($1, with: "") }
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                return left.isEmpty ? nil : .text(left)
            })
    }
}
