// The prompt around an input, by role.

package import MoCaCore

/// A template with `{text}`, `{image}` and `{instruction}`, each at most once.
///
/// The texts of a content replace `{text}`, its images `{image}`. With `{text}` alone, the whole
/// content, including images, replaces it in its own order; with `{image}` alone, the content's
/// text follows its images there.
package struct PromptTemplate: Sendable, Hashable {
    private let parts: [Part]

    /// One part of a template.
    enum Part: Sendable, Hashable {
        case literal(String)
        case texts
        case images
        case everything
        case instruction
    }

    /// Creates a template of parts.
    init(_ parts: [Part]) {
        self.parts = parts
    }

    /// Parses a template.
    ///
    /// - Throws: `ProcessingError.badPrompt`.
    package init(_ template: String, role: Role) throws(ProcessingError) {
        let texts = template.ranges(of: "{text}")
        let images = template.ranges(of: "{image}")
        let instructions = template.ranges(of: "{instruction}")
        guard texts.count + images.count > 0 else {
            throw .badPrompt(
                role: role.rawValue, template: template,
                reason: "it has neither {text} nor {image}")
        }
        guard texts.count <= 1 && images.count <= 1 && instructions.count <= 1 else {
            throw .badPrompt(
                role: role.rawValue, template: template, reason: "a place stands in it twice")
        }
        let isWhole = texts.isEmpty || images.isEmpty
        var places = texts.map { ($0, isWhole ? Part.everything : .texts) }
        places += images.map { ($0, isWhole ? Part.everything : .images) }
        places += instructions.map { ($0, Part.instruction) }
        var (parts, position) = ([Part](), template.startIndex)
        for (range, part) in places.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
            parts += [.literal(String(template[position..<range.lowerBound])), part]
            position = range.upperBound
        }
        self.parts = parts + [.literal(String(template[position...]))]
    }

    /// The template as `moca.json` has it.
    var text: String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .texts, .everything: "{text}"
            case .images: "{image}"
            case .instruction: "{instruction}"
            }
        }.joined()
    }

    /// Whether the template has a place for an instruction.
    var takesInstruction: Bool { parts.contains(.instruction) }

    /// The content with the prompt around it.
    package func callAsFunction(_ content: Content, instruction: String = "") -> Content {
        content.replacingSegments(
            parts.flatMap { part -> [Content.Segment] in
                switch part {
                case .literal(let text): text.isEmpty ? [] : [.text(text)]
                case .instruction: instruction.isEmpty ? [] : [.text(instruction)]
                case .texts: content.segments.filter { !$0.isImage }
                case .images: content.segments.filter(\.isImage)
                case .everything: content.segments
                }
            })
    }
}

extension Content.Segment {
    /// Whether the segment is an image.
    var isImage: Bool {
        if case .image = self { true } else { false }
    }
}
