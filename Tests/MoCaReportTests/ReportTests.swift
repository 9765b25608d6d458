import Foundation
import MoCaCore
import Testing

@testable import MoCaReport

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The elements of a page, as an outline, and its texts and attributes.
final class PageReader: NSObject, XMLParserDelegate {
    private(set) var outline: [String] = []
    private(set) var texts: Set<String> = []
    private(set) var links: [String] = []
    private var depth = 0
    private var text = ""

    /// Reads a page, which must be well-formed XML.
    init(_ page: String) throws {
        super.init()
        let body = page.replacingOccurrences(of: "<!DOCTYPE html>\n", with: "")
        let parser = XMLParser(data: Data(body.utf8))
        parser.delegate = self
        let isWellFormed = parser.parse()
        #expect(isWellFormed, "\(String(describing: parser.parserError)) \(parser.lineNumber)")
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        take()
        let style = attributes["class"].map { "." + $0 } ?? ""
        outline.append(String(repeating: " ", count: depth) + name + style)
        texts.formUnion(attributes.values)
        for key in ["src", "href", "action", "data", "srcset"] {
            if let link = attributes[key] { links.append(String(link.prefix(10))) }
        }
        #expect(attributes.keys.allSatisfy { !$0.hasPrefix("on") && $0 != "style" })
        depth += 1
    }

    func parser(
        _ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?
    ) {
        take()
        depth -= 1
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        text += string
    }

    private func take() {
        texts.insert(text)
        text = ""
    }
}

struct ReportTests {
    /// The page, for looking at it: MOCA_REPORT_OUTPUT=FILE swift test --filter ReportTests
    @Test func samplePage() throws {
        let report = try SamplePage().report()
        let page = try PageReader(report.html())
        #expect(page.links.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image") })
        #expect(!report.html().contains("http:") && !report.html().contains("https:"))
        #expect(!page.outline.contains { $0.hasSuffix("script") })
        if let path = ProcessInfo.processInfo.environment["MOCA_REPORT_OUTPUT"] {
            try report.write(to: URL(filePath: path))
        }
    }

    /// One section of each simple kind.
    private static var smallReport: Report {
        Report(
            title: "T", subtitle: "S",
            sections: [
                ReportSection(
                    "A", lead: "L",
                    Summary(figures: [.init("1", "f", note: "n")], settings: [.init("k", "v")])
                ),
                ReportSection(
                    "B",
                    ScoreTable(
                        columns: ["M"],
                        groups: [
                            .init(
                                "G",
                                rows: [
                                    .init(
                                        "R", metric: "p", queryCount: 2, chance: 0.1,
                                        cells: [.init(0.5, interval: 0.2...0.8)])
                                ])
                        ])),
            ], footer: "F")
    }

    @Test func structureOfAPage() throws {
        let report = Self.smallReport
        let page = try PageReader(report.html())
        let body = page.outline.drop { $0 != " body" }.joined(separator: "\n")
        #expect(
            body == """
                 body
                  a.skip
                  header
                   h1
                   p.subtitle
                  nav
                   ul
                    li
                     a
                    li
                     a
                  main
                   section
                    h2
                    p.lead
                    dl.figures
                     div.figure
                      dt
                      dd.value
                      dd.note
                    div.scroll
                     table.settings
                      caption.hidden
                      tbody
                       tr
                        th
                        td
                   section
                    h2
                    div.scroll
                     table.scores
                      caption
                       span.key dot
                       span.key band
                       span.key tick
                       span.up
                      thead
                       tr
                        th
                        th.number
                        th.score
                      tbody
                       tr.group
                        th
                       tr
                        th
                         small
                        td.number
                        td.score
                         span.value
                          span.up
                          span.hidden
                         small
                         svg.meter
                          rect.track
                          rect.band
                          line.tick
                          line.dot
                  footer
                   p
                """)
        #expect(
            page.texts.isSuperset(of: [
                "T", "S", "A", "L", "1", "f", "n", "k", "v", "R", "p · 2 queries", "10.0", "50.0 ",
                "20.0 to 80.0", " above chance", "F",
            ]))
    }

    @Test func structureOfCardsAndTriptychs() throws {
        let page = try PageReader(SamplePage().report().html())
        let count = { (suffix: String) in page.outline.count { $0.hasSuffix(" " + suffix) } }
        #expect(count("article.card") == 3)
        #expect(count("li.result right") == 1)
        #expect(count("li.result") == 12)
        #expect(count("span.badge") == 1)
        #expect(count("figure.triptych") == 4)
        #expect(count("img") == 8 + 1 + 12)
        #expect(count("svg.meter") == 20 - 1 + 2)
        #expect(count("td.score none") == 4)
        #expect(
            page.texts.isSuperset(of: [
                "First right answer at rank 2 of 221", "First right answer at rank 17 of 221",
                "No right answer among the best 5", "0.740", "disc 4", "دائرة حمراء",
            ]))
    }

    /// Whatever a text holds, the page stays the same page with that text in it.
    @Test(arguments: [
        "<script>alert(1)</script>", "\" onload=\"alert(1)", "' onerror='x", "</style></title>",
        "]]>", "<!--", "-->", "&amp;&#0;&bogus;", "\u{0}\u{8}\u{1b}\u{7f}", "\u{fffe}\u{ffff}",
        "javascript:alert(1)", "\u{202e}abc", "{{x}} ${x} \\(x)", "<![CDATA[", "<?xml ?>", "`",
        "😀\u{200d}👩", "a\nb\tc", "%s %@ %n",
    ])
    func hostileTexts(_ hostile: String) throws {
        var sample = SamplePage()
        sample.stepCount = 3
        let plain = try PageReader(sample.report().html())
        sample.text = { $0 + hostile }
        let page = try PageReader(sample.report().html())
        #expect(page.outline == plain.outline)
        #expect(page.links == plain.links)
        let shown = String(
            String.UnicodeScalarView(
                ("MoCa demo" + hostile).unicodeScalars.map { scalar in
                    let isForbidden =
                        (scalar.value < 0x20 && scalar != "\n" && scalar != "\t")
                        || (0x7f...0x9f).contains(scalar.value)
                        || scalar.value >= 0xfffe
                            && scalar.value <= 0xffff
                    return isForbidden ? "\u{fffd}" : scalar
                }))
        #expect(page.texts.contains(shown))
    }

    @Test func randomTexts() throws {
        var random = RandomSource(seed: 11)
        var sample = SamplePage()
        sample.stepCount = 2
        let plain = try PageReader(sample.report().html()).outline
        for _ in 0..<25 {
            let hostile = String(
                String.UnicodeScalarView(
                    (0..<12).map { _ in
                        random.next() % 2 == 0
                            ? Array("<>&\"'/=-!?[]\u{0} \n".unicodeScalars)
                                .randomElement(using: &random)!
                            : Unicode.Scalar(UInt32(random.next() % 0x11_0000)) ?? "x"
                    }))
            sample.text = { hostile + $0 }
            #expect(try PageReader(sample.report().html()).outline == plain, "\(hostile)")
        }
    }

    @Test func onlyPicturesAreEmbedded() throws {
        #expect(throws: ReportError.unknownImage(name: "x")) {
            try ReportImage(Data("<svg onload='alert(1)'/>".utf8), description: "x")
        }
        #expect(throws: ReportError.unknownImage(name: "y")) {
            try ReportImage(Data(), description: "y")
        }
        for (head, type) in [
            ([0xff, 0xd8, 0xff, 0xe0], "image/jpeg"), (Array("GIF89a".utf8), "image/gif"),
            (Array("RIFF0000WEBPVP8 ".utf8), "image/webp"),
        ] as [([UInt8], String)] {
            let image = try ReportImage(Data(head), description: "a \"b\"")
            #expect(image.html.markup.hasPrefix("<img src=\"data:\(type);base64,"))
            #expect(image.html.markup.contains("alt=\"a &quot;b&quot;\""))
        }
    }

    @Test func writing() throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "moca-\(UUID().uuidString).html")
        defer { try? FileManager.default.removeItem(at: file) }
        let report = Report(title: "T", sections: [])
        try report.write(to: file)
        #expect(try String(contentsOf: file, encoding: .utf8) == report.html())
        #expect(throws: ReportError.self) {
            try report.write(to: file.appending(path: "x.html"))
        }
    }

    @Test func numbersAsBarsAndAsATable() throws {
        let histogram = Histogram(
            "tokens <of> a record", note: "12 values",
            bars: [.init("0-9", count: 8), .init("10-19", count: 0), .init("20-99", count: 4)])
        let table = ReportTable(
            ["Subset", "records", "batches"], rows: [["a & b", "12", "1.5"]], cells: .numbers)
        let report = Report(
            title: "T",
            sections: [
                ReportSection("S", [histogram]), ReportSection("N", table),
            ])
        let page = try PageReader(report.html())
        let names = page.outline.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(names.filter { $0 == "rect.bar" }.count == 3)
        #expect(names.contains("figure.histogram") && names.contains("table.numbers"))
        #expect(page.texts.isSuperset(of: ["tokens <of> a record", "8", "10-19", "a & b", "1.5"]))
        #expect(page.texts.contains("tokens <of> a record. 0-9: 8, 10-19: 0, 20-99: 4"))
        // The highest bar fills the room, an empty one has no height.
        #expect(page.texts.isSuperset(of: ["146.0", "0.0", "73.0"]))
        #expect(page.links.allSatisfy { $0.hasPrefix("#") })
    }
}
