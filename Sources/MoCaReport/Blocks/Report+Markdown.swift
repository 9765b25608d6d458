// The report as Markdown, without its images.

package import Foundation
import MoCaSystem

extension Report {
    /// The report as Markdown, without images; a curve becomes its first and last values.
    package func markdown() -> String {
        var parts = ["# \(Markdown.text(title))"]
        if !subtitle.isEmpty { parts.append(Markdown.paragraph(subtitle)) }
        parts += sections.map { $0.markdown(level: 2) }
        if !footer.isEmpty { parts.append("---\n\n\(Markdown.paragraph(footer))") }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// Writes the Markdown file atomically.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    package func writeMarkdown(to file: URL) throws {
        do {
            try AtomicFile.write(Data(markdown().utf8), to: file)
        } catch {
            throw ReportError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }
}
