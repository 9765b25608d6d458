// A self-contained HTML page about a run: no network, no script, no other files.

package import Foundation
import MoCaSystem

/// A report: a title and sections, rendered as one HTML file.
///
///     let report = Report(title: "MoCa demo", sections: [
///         ReportSection("Scores", table),
///     ])
///     try report.write(to: url)
package struct Report: Sendable {
    package var title: String
    /// A sentence under the title.
    package var subtitle: String
    package var sections: [ReportSection]
    /// The last line of the page, such as the version and date.
    package var footer: String

    package init(
        title: String, subtitle: String = "", sections: [ReportSection], footer: String = ""
    ) {
        self.title = title
        self.subtitle = subtitle
        self.sections = sections
        self.footer = footer
    }

    /// The page as HTML.
    package func html() -> String {
        let links: [HTML] = sections.enumerated().map { number, section in
            "<li><a href=\"#section-\(number + 1)\">\(section.title)</a></li>\n"
        }
        let bodies = sections.enumerated().map { $1.html(number: $0 + 1) }
        // The policy forbids the page to load anything.
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
            <meta name="color-scheme" content="light dark" />
            <title>\(title)</title>
            <style>
            \(Stylesheet.css)
            </style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header>
            <h1>\(title)</h1>
            \(subtitle.isEmpty ? nil : "<p class=\"subtitle\">\(subtitle)</p>" as HTML?)
            </header>
            <nav aria-label="Sections"><ul>
            \(links)</ul></nav>
            <main id="main">
            \(bodies)
            </main>
            <footer><p>\(footer)</p></footer>
            </body>
            </html>

            """
        return page.markup
    }

    /// Writes the page atomically.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    package func write(to file: URL) throws {
        do {
            try AtomicFile.write(Data(html().utf8), to: file)
        } catch {
            throw ReportError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }
}
