// Summaries in sentences.

/// One sentence of a summary.
package struct RunSentence: ReportItem, Hashable {
    package var text: String
    /// Whether the sentence calls for action.
    package var isWarning: Bool

    package init(_ text: String, isWarning: Bool = false) {
        (self.text, self.isWarning) = (text, isWarning)
    }

    package static func html(_ sentences: [RunSentence], name: String) -> HTML {
        let items: [HTML] = sentences.map {
            $0.isWarning
                ? "<li class=\"attention\">\($0.text)</li>\n" : "<li>\($0.text)</li>\n"
        }
        return "<ul class=\"story\">\n\(items)</ul>"
    }

    package static func markdown(_ sentences: [RunSentence], level: Int) -> String {
        sentences.map { sentence in
            let text = Markdown.paragraph(sentence.text)
            return sentence.isWarning ? "- **Attention:** \(text)" : "- \(text)"
        }.joined(separator: "\n")
    }
}
