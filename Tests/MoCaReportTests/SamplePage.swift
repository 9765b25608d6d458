// A page with every kind of section, for the tests and for looking at it.

import Foundation
import MoCaCore

@testable import MoCaReport

/// A PNG of `side` x `side` RGB pixels, uncompressed.
func png(side: Int, _ pixel: (Int, Int) -> (UInt8, UInt8, UInt8)) -> Data {
    var rows = Data()
    for y in 0..<side {
        rows.append(0)
        for x in 0..<side {
            let (r, g, b) = pixel(x, y)
            rows.append(contentsOf: [r, g, b])
        }
    }
    func big(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }
    func chunk(_ name: String, _ body: Data) -> Data {
        let named = Data(name.utf8) + body
        var crc: UInt32 = 0xffff_ffff
        for byte in named {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return big(UInt32(body.count)) + named + big(~crc)
    }
    var zlib = Data([0x78, 0x01])
    let pieces = stride(from: 0, to: rows.count, by: 65535).map {
        rows[$0..<min($0 + 65535, rows.count)]
    }
    for (number, piece) in pieces.enumerated() {
        let size = UInt16(piece.count)
        zlib.append(number == pieces.count - 1 ? 1 : 0)
        withUnsafeBytes(of: size.littleEndian) { zlib.append(contentsOf: $0) }
        withUnsafeBytes(of: (~size).littleEndian) { zlib.append(contentsOf: $0) }
        zlib.append(piece)
    }
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in rows {
        low = (low + UInt32(byte)) % 65521
        high = (high + low) % 65521
    }
    zlib += big(high << 16 | low)
    let header = big(UInt32(side)) + big(UInt32(side)) + Data([8, 2, 0, 0, 0])
    return Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        + chunk("IHDR", header) + chunk("IDAT", zlib) + chunk("IEND", Data())
}

/// A disc of one of several colours on white.
func disc(_ number: Int, side: Int = 28) -> Data {
    let colours: [(UInt8, UInt8, UInt8)] = [
        (214, 69, 65), (36, 87, 197), (18, 122, 75), (230, 160, 40), (120, 60, 160),
    ]
    let colour = colours[number % colours.count]
    let radius = side * (3 + number % 3) / 12
    return png(side: side) { x, y in
        let (dx, dy) = (x - side / 2, y - side / 2)
        return dx * dx + dy * dy < radius * radius ? colour : (250, 250, 250)
    }
}

/// The pages of the tests; every text goes through `text`.
struct SamplePage {
    var text: (String) -> String = { $0 }
    var stepCount = 400

    func report() throws -> Report {
        Report(
            title: text("MoCa demo"),
            subtitle: text("A nano model trained from nothing, and the embedded default model."),
            sections: [
                ReportSection(
                    text("Overview"), lead: text("What the demo did, and what it got."),
                    summary),
                ReportSection(
                    text("Continual pre-training"),
                    lead: text("Masked words and masked patches; pale lines are raw values."),
                    pretraining),
                ReportSection(
                    text("Contrastive fine-tuning"),
                    LossChart(
                        curves: [curve("InfoNCE", 4.2, 0.9, seed: 3)],
                        startsLogarithmic: true)),
                ReportSection(
                    text("Scores"), lead: text("Held-out sets before, between and after."),
                    scores),
                ReportSection(text("Search"), try queries()),
                ReportSection(text("Masked patches"), try reconstructions()),
            ],
            footer: text("moca 0.1, seed 42"))
    }

    private var summary: Summary {
        Summary(
            figures: [
                .init(text("71.3 %"), text("text to image"), note: text("chance 5.0 %")),
                .init(text("64.0 %"), text("image to text"), note: text("chance 5.0 %")),
                .init(text("412"), text("items a second")),
                .init(text("7 min 12 s"), text("the whole demo")),
            ],
            settings: [
                .init(text("model"), text("models/nano (4.1 million parameters)")),
                .init(text("attention, pooling"), text("bidirectional, mean")),
                .init(text("temperature"), text("0.03")),
            ])
    }

    private func curve(_ name: String, _ from: Double, _ to: Double, seed: UInt64) -> Curve {
        var random = RandomSource(seed: seed)
        return Curve(
            text(name),
            points: (0..<stepCount).map { step in
                let noise = Double(random.uniform() - 0.5) * 0.5
                return Curve.Point(
                    step: 5 * step, value: to + (from - to) * exp(-Double(step) / 60) + noise)
            })
    }

    private var pretraining: LossChart {
        LossChart(curves: [
            curve("loss", 8.6, 4.1, seed: 1), curve("masked tokens", 7.7, 3.6, seed: 2),
            curve("masked patches", 1.1, 0.5, seed: 4),
        ])
    }

    private var scores: ScoreTable {
        func cell(_ value: Double) -> ScoreTable.Cell {
            .init(value, interval: max(0, value - 0.06)...min(1, value + 0.06))
        }
        func row(_ name: String, _ chance: Double, _ values: [Double?]) -> ScoreTable.Row {
            .init(
                text(name), metric: text("precision@1"), queryCount: 221, chance: chance,
                cells: values.map { $0.map(cell) })
        }
        return ScoreTable(
            columns: ["Untrained", "Before", "Between", "After", "Default model"].map(text),
            groups: [
                .init(
                    text("Text to image"),
                    rows: [
                        row("EmojiNoto_t2i", 0.05, [0.04, 0.05, 0.08, 0.31, 0.71]),
                        row("EmojiNoto_t2i_de", 0.05, [0.05, 0.05, 0.09, 0.24, 0.58]),
                        row("TuxStamps_t2i", 0.05, [0.06, 0.04, 0.07, nil, 0.44]),
                    ]),
                .init(
                    text("Text retrieval"),
                    rows: [row("WordNet_def2word", 0.05, [0.18, 0.17, 0.2, 0.36, 0.52])]),
                .init(
                    text("Pages"),
                    rows: [
                        .init(
                            text("DebianFAQ"), metric: text("nDCG@5"), queryCount: 1, chance: nil,
                            cells: [.init(0.11), nil, .init(.nan), .init(0.13)])
                    ]),
            ])
    }

    private func queries() throws -> [QueryCard] {
        let pictures = try (0..<5).map { number in
            QueryCard.Result(
                ReportContent(
                    image: try ReportImage(disc(number), description: text("disc \(number)"))),
                score: 0.81 - 0.07 * Double(number), isRight: number == 1)
        }
        let texts = (0..<5).map { number in
            QueryCard.Result(
                ReportContent(text: text("a word that was found, number \(number), and its gloss")),
                score: 0.6 - 0.05 * Double(number), isRight: false)
        }
        return [
            QueryCard(
                ReportContent(text: text("ein blauer Kreis auf weissem Grund")),
                note: text("EmojiNoto_t2i_de"), results: pictures, documentCount: 221),
            QueryCard(
                ReportContent(text: text("دائرة حمراء")), note: text("EmojiNoto_t2i_ar"),
                results: Array(pictures.reversed().prefix(3)), rightRank: 17,
                documentCount: 221),
            QueryCard(
                ReportContent(image: try ReportImage(disc(2), description: text("green disc"))),
                results: texts),
        ]
    }

    private func reconstructions() throws -> [Reconstruction] {
        try (0..<4).map { number in
            let covered = png(side: 28) { x, y in
                (x / 7 + y / 7 + number) % 2 == 0 ? (150, 150, 150) : (250, 250, 250)
            }
            return Reconstruction(
                original: try ReportImage(disc(number), description: text("original")),
                masked: try ReportImage(covered, description: text("masked")),
                reconstructed: try ReportImage(
                    disc(number + 3), description: text("reconstruction")),
                caption: text("Held-out picture \(number): half of the patches masked"))
        }
    }
}
