// One masked image at several steps of a run.

import Foundation
import MoCaRunLog

/// An image, its masked version, and the model's reconstructions by step.
package struct ReconstructionSeries: ReportItem, Hashable {
    package var original: ReportImage
    package var masked: ReportImage
    /// The error of the baseline that fills in the mean of the visible patches.
    package var baseline: Double?
    package var steps: [Step]
    package var record: String

    /// The reconstruction at one step.
    package struct Step: Sendable, Hashable {
        package var step: Int
        package var image: ReportImage
        package var error: Double?
    }

    /// Reads the image files of `rows`, which belong to one image; nil if they no longer exist.
    ///
    /// - Throws: `ReportError.unknownImage`.
    init?(_ rows: [ReconstructionRow], in folder: URL, stepCountMax: Int) throws {
        guard let last = rows.last,
            let original = try Self.image(last.original, "\(last.record)", in: folder),
            let masked = try Self.image(last.masked, "\(last.record), masked", in: folder)
        else { return nil }
        (self.original, self.masked, baseline) = (original, masked, last.baselineError)
        record = last.record
        steps = try spread(rows, over: stepCountMax).compactMap { row in
            try Self.image(row.reconstructed, "\(row.record), step \(row.step)", in: folder)
                .map { Step(step: row.step, image: $0, error: row.meanSquaredError) }
        }
        if steps.isEmpty { return nil }
    }

    private static func image(
        _ name: String, _ description: String, in folder: URL
    ) throws -> ReportImage? {
        guard let data = FileManager.default.contents(atPath: folder.appending(path: name).path)
        else { return nil }
        return try ReportImage(data, description: description)
    }

    package static func html(_ series: [ReconstructionSeries], name: String) -> HTML {
        let rows = series.map(\.html)
        return "<div class=\"series\">\n\(rows)</div>"
    }

    private var html: HTML {
        let cells: [HTML] = steps.map { step in
            """
            <div>\(step.image.html)<span>step \(step.step)</span>\
            <span>\(step.error.map { "error \($0.fixed(3))" } ?? "")</span></div>
            """
        }
        return """
            <figure><div class="strip"><div>\(original.html)<span>original</span></div>\
            <div>\(masked.html)<span>masked</span>\
            <span>\(baseline.map { "mean: \($0.fixed(3))" } ?? "")</span></div>\(cells)</div>
            <figcaption>\(record)</figcaption></figure>

            """
    }
}

extension ReconstructionSeries {
    package static func markdown(_ series: [ReconstructionSeries], level: Int) -> String {
        series.map(\.markdown).joined(separator: "\n\n")
    }

    private var markdown: String {
        let rows = steps.map { ["\($0.step)", $0.error?.fixed(3) ?? ""] }
        return "**\(Markdown.text(record))**, mean of the visible patches "
            + "\(baseline?.fixed(3) ?? "n/a")\n\n"
            + Markdown.table(["step", "error"], rows, isNumeric: true)
    }
}
