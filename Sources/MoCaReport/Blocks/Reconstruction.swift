// Reconstructions of masked images by the patch decoder (MoCa section 3.2).

/// An image, its masked version, and the model's reconstruction.
package struct Reconstruction: ReportItem, Hashable {
    package var original: ReportImage
    /// The original with its masked patches covered.
    package var masked: ReportImage
    /// The original with its masked patches filled in by the model.
    package var reconstructed: ReportImage
    /// The image's name and figures such as the loss.
    package var caption: String

    package init(
        original: ReportImage, masked: ReportImage, reconstructed: ReportImage, caption: String
    ) {
        self.original = original
        self.masked = masked
        self.reconstructed = reconstructed
        self.caption = caption
    }

    package static func html(_ rows: [Reconstruction], name: String) -> HTML {
        let figures: [HTML] = rows.map { row in
            """
            <figure class="triptych"><div class="panels">\
            <div>\(row.original.html)<span>original</span></div>\
            <div>\(row.masked.html)<span>masked</span></div>\
            <div>\(row.reconstructed.html)<span>reconstructed</span></div></div>
            <figcaption>\(row.caption)</figcaption></figure>

            """
        }
        return "<div class=\"triptychs\">\n\(figures)</div>"
    }
}

extension Reconstruction {
    package static func markdown(_ rows: [Reconstruction], level: Int) -> String {
        rows.map { "- \(Markdown.paragraph($0.caption))" }.joined(separator: "\n")
    }
}
