import Foundation
import Testing

@testable import MoCaReport

/// Chips, pictures and warnings of samples.
struct SampleCardTests {
    private func report(_ text: String) throws -> Report {
        let picture = SampleCard.Picture(
            try ReportImage(disc(0), description: text), caption: text)
        var side = SampleCard.Side(
            text, note: text, pictures: [picture],
            chips: [
                .init(text, note: "id 1", kind: .text), .init(text, note: "id 2", kind: .special),
                .init(text, note: text, kind: .masked), .init(text, note: "id 4", kind: .cut),
            ])
        (side.warning, side.ids) = (text, "1 2 3")
        let plain = SampleCard.Side("plain", note: "", pictures: [], chips: [])
        return Report(
            title: "T",
            sections: [
                ReportSection(
                    "S",
                    [
                        SampleCard("a", sides: [side, plain]),
                        SampleCard("b", sides: [], problem: text),
                    ])
            ])
    }

    @Test(arguments: ["word", "<b>\"&' ", "\u{0}\u{1b}\u{fffe}\n", "]]>"])
    func structure(_ text: String) throws {
        let page = try PageReader(try report(text).html())
        let start = try #require(page.outline.firstIndex { $0.hasSuffix("div.samples") })
        let body = page.outline[start...].prefix { !$0.hasSuffix("footer") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(
            body == [
                "div.samples", "article.sample", "h3", "div.sides", "div.side", "h4", "span.label",
                "span.note", "figure", "img", "figcaption", "p.chips", "span.chip text tint-0",
                "span.chip special tint-1", "span.chip masked tint-2", "span.chip cut tint-3",
                "p.warning", "details", "summary", "p.ids", "div.side", "h4", "span.label",
                "span.note", "details", "summary", "p.ids", "article.sample", "h3", "p.warning",
            ])
        #expect(page.texts.isSuperset(of: ["id 1", "id 2", "id 4", "1 2 3", "a", "b"]))
        #expect(page.links.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image") })
    }
}
