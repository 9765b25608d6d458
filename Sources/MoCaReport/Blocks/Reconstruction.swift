// What the patch decoder makes of a masked picture (MoCa section 3.2).

/// A picture, the picture as the model saw it, and what it made of it.
package struct Reconstruction: Sendable, Hashable {
    package var original: ReportImage
    /// The original with its masked patches covered.
    package var masked: ReportImage
    /// The original with its masked patches filled in by the model.
    package var reconstructed: ReportImage
    /// What the picture is, and such figures as the loss.
    package var caption: String

    package init(
        original: ReportImage, masked: ReportImage, reconstructed: ReportImage, caption: String
    ) {
        self.original = original
        self.masked = masked
        self.reconstructed = reconstructed
        self.caption = caption
    }

    static func html(_ rows: [Reconstruction]) -> HTML {
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
