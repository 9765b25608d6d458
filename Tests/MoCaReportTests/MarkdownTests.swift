import Foundation
import Testing

@testable import MoCaReport

/// The report without pictures.
struct MarkdownTests {
    @Test(arguments: [
        ("a|b", "a\\|b"), ("a\nb\tc", "a b c"), ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("*x* _y_ `z` [l](u)", "\\*x\\* \\_y\\_ \\`z\\` \\[l\\](u)"), ("\\", "\\\\"),
        ("\u{0}\u{1b}\u{7f}\u{fffe}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"), (" x ", "x"),
        ("25.8 %", "25.8 %"),
    ])
    func marksAreEscaped(text: String, expected: String) {
        #expect(Markdown.text(text) == expected)
    }

    @Test(arguments: [
        ("- a", "\\- a"), ("+ a", "\\+ a"), ("=== a", "\\=== a"), ("1. a", "1\\. a"),
        ("12) a", "12\\) a"), ("12 a", "12 a"), ("# a", "\\# a"), ("> a", "\\> a"), ("", ""),
    ])
    func aParagraphBeginsNoBlock(text: String, expected: String) {
        #expect(Markdown.paragraph(text) == expected)
    }

    @Test func everySectionOfThePage() throws {
        let page = try SamplePage().report()
        let text = page.markdown()
        for section in page.sections {
            #expect(text.contains("\n## \(Markdown.text(section.title))\n"))
        }
        #expect(text.hasPrefix("# MoCa demo\n\n"))
        #expect(!text.contains("data:image") && !text.contains("<"))
        #expect(text.hasSuffix("---\n\nmoca 0.1, seed 42\n"))
        #expect(text.contains("- **71.3 %** text to image (chance 5.0 %)"))
    }

    /// Whatever a text holds, the tables keep their rows and columns.
    @Test func hostileTextsLeaveTheTables() throws {
        var sample = SamplePage()
        sample.stepCount = 3
        let shape = { (text: String) in
            text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
                line.replacingOccurrences(of: "\\\\", with: "").replacingOccurrences(
                    of: "\\|", with: ""
                ).count { $0 == "|" }
            }
        }
        let plain = shape(try sample.report().markdown())
        #expect(plain.count > 20)
        for hostile in ["|", "\n|\n", "\\", "`|`", "\n# x\n", "<!--", "\r\n---\r\n"] {
            sample.text = { $0 + hostile }
            #expect(shape(try sample.report().markdown()) == plain, "\(hostile)")
        }
    }

    @Test func scoresQueriesAndParts() throws {
        let table = ScoreTable(
            columns: ["A", "B"],
            groups: [
                .init(
                    "G",
                    rows: [
                        .init(
                            "S", metric: "nDCG@5", queryCount: 7, chance: 0.125,
                            cells: [.init(0.5, interval: 0.25...0.75), nil]),
                        .init("M", metric: "m", cells: [.init(.nan, note: "2 of 3 missing"), nil]),
                    ])
            ])
        var below = QueryCard.Result(ReportContent(text: "c"), score: 0.25, isRight: true)
        below.place = .below
        let card = QueryCard(
            ReportContent(text: "q"), note: "n",
            results: [.init(ReportContent(text: "a|b"), score: 0.5, isRight: false), below])
        let report = Report(
            title: "T",
            sections: [
                ReportSection("S", table),
                ReportSection(
                    "P", lead: "L", [ReportSection("Q", [card])]),
            ])
        #expect(
            report.markdown() == """
                # T

                ## S

                ### G

                | Set | measure | queries | chance | A | B |
                | --- | ---: | ---: | ---: | ---: | ---: |
                | S | nDCG@5 | 7 | 12.5 | 50.0 (25.0 to 75.0) |  |
                | M | m |  |  | 2 of 3 missing |  |

                ## P

                L

                ### Q

                **n: q**

                No right answer among the best 1.

                | rank | similarity |  | result |
                | --- | --- | --- | --- |
                | 1 | 0.500 |  | a\\|b |
                | below | 0.250 | right | c |

                """)
    }
}

/// Tokens tinted by what they add.
struct HeatMapTests {
    private func report(_ text: String) throws -> Report {
        let picture = SampleCard.Picture(
            try ReportImage(disc(0), description: text), caption: text)
        let token = { (value: Double, level: Double, isSpecial: Bool) in
            HeatMap.Token(text, value: value, level: level, isSpecial: isSpecial)
        }
        let side = HeatMap.Side(
            text, note: text, pictures: [picture],
            tokens: [
                token(0.5, 1, false), token(-0.25, -0.5, false), token(0, 0.1, true),
                token(.nan, .nan, false), token(9, 7, false),
            ])
        return Report(
            title: "T", sections: [ReportSection("S", [HeatMap(text, sides: [side])])])
    }

    @Test(arguments: ["word", "<b>\"&' ", "\u{0}\u{1b}\u{fffe}\n", "]]>"])
    func structure(_ text: String) throws {
        let page = try PageReader(try report(text).html())
        let start = try #require(page.outline.firstIndex { $0.hasSuffix("p.heat-legend") })
        let body = page.outline[start...].prefix { !$0.hasSuffix("footer") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(body.count { $0.hasPrefix("span.heat key-cell") } == 9)
        #expect(
            body.suffix(5) == [
                "span.heat warm-4", "span.heat cold-2", "span.heat special", "span.heat",
                "span.heat warm-4",
            ])
        #expect(page.texts.isSuperset(of: ["+0.5000", "-0.2500", "+0.0000", "takes away", "adds"]))
        #expect(page.links.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image") })
    }

    @Test func markdownNamesTheStrongest() throws {
        let text = try report("a_b").markdown()
        #expect(
            text.contains(
                "#### a\\_b\n\n- a\\_b, a\\_b: a\\_b +9.0000, a\\_b +0.5000, a\\_b -0.2500"))
    }
}
