// The tokens and patches that make two contents similar.

/// Two contents side by side, their tokens tinted by their contributions to the cosine.
package struct HeatMap: ReportItem, Hashable {
    /// A run of tokens.
    package struct Token: Sendable, Hashable {
        package var text: String
        /// The contribution of the tokens to the cosine.
        package var value: Double
        /// `value` as a fraction of the largest absolute value of its side, from -1 to 1.
        package var level: Double
        /// Whether the token is not ordinary text.
        package var isSpecial: Bool

        package init(_ text: String, value: Double, level: Double, isSpecial: Bool) {
            (self.text, self.value) = (text, value)
            (self.level, self.isSpecial) = (level, isSpecial)
        }
    }

    /// One of the two contents.
    package struct Side: Sendable, Hashable {
        package var name: String
        /// Token counts, and the value of the strongest tint.
        package var note: String
        /// The tinted images.
        package var pictures: [SampleCard.Picture]
        package var tokens: [Token]

        package init(
            _ name: String, note: String, pictures: [SampleCard.Picture], tokens: [Token]
        ) {
            (self.name, self.note) = (name, note)
            (self.pictures, self.tokens) = (pictures, tokens)
        }
    }

    package var name: String
    package var sides: [Side]

    package init(_ name: String, sides: [Side]) {
        (self.name, self.sides) = (name, sides)
    }

    /// The meaning of the tints, for the lead of a section.
    package static let explanation = """
        With mean pooling the cosine of two contents is a sum over the tokens of either of them, \
        prompts included: each token's part is shown, and nothing is estimated. Orange adds, blue \
        takes away; the strongest tint of a side is its greatest part. A picture's squares are \
        its tokens.
        """

    /// Tint steps for each sign.
    private static let stepCount = 4

    /// The CSS classes of a token's level, such as `heat warm-3`.
    private static func style(_ token: Token) -> String {
        let level = token.level.isFinite ? min(max(token.level, -1), 1) : 0
        let step = Int((abs(level) * Double(stepCount)).rounded())
        let tint = step == 0 ? "" : level > 0 ? " warm-\(step)" : " cold-\(step)"
        return "heat\(token.isSpecial ? " special" : "")\(tint)"
    }

    package static func html(_ maps: [HeatMap], name: String) -> HTML {
        let steps =
            (1...stepCount).reversed().map { "cold-\($0)" } + [""]
            + (1...stepCount).map { "warm-\($0)" }
        let keys: [HTML] = steps.map { step in
            "<span class=\"heat key-cell \(step)\">\(step.isEmpty ? "0" : "")</span>"
        }
        let maps = maps.map(\.html)
        return """
            <p class="heat-legend"><span>takes away</span> \(keys) <span>adds</span></p>
            <div class="samples">
            \(maps)</div>
            """
    }

    private var html: HTML {
        let sides: [HTML] = sides.map(Self.html)
        return """
            <article class="sample"><h4 class="heat-name">\(name)</h4>
            <div class="sides">
            \(sides)</div></article>

            """
    }

    private static func html(_ side: Side) -> HTML {
        let figures: [HTML] = side.pictures.map { picture in
            """
            <figure>\(picture.image.html)<figcaption>\(picture.caption)</figcaption></figure>

            """
        }
        let tokens: [HTML] = side.tokens.map { token in
            "<span class=\"\(style(token))\" title=\"\(token.value.signed)\">\(token.text)</span>"
        }
        return """
            <div class="side"><h4><span class="label">\(side.name)</span> \
            <span class="note">\(side.note)</span></h4>
            \(figures)<p class="chips" dir="auto">\(tokens)</p></div>

            """
    }

    /// The tokens with the largest positive and negative contributions, as lines of Markdown.
    package static func markdown(_ maps: [HeatMap], level: Int) -> String {
        maps.map { map in
            let lines = map.sides.map { side in
                "- \(Markdown.paragraph(side.name)), \(Markdown.text(side.note)): "
                    + strongest(side.tokens)
            }
            return "#### \(Markdown.text(map.name))\n\n\(lines.joined(separator: "\n"))"
        }.joined(separator: "\n\n")
    }

    private static func strongest(_ tokens: [Token]) -> String {
        let count = 8
        let sizes = tokens.map { $0.value.isFinite ? abs($0.value) : 0 }
        let order = tokens.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
        return order.prefix(count).map {
            "\(Markdown.text(tokens[$0].text)) \(tokens[$0].value.signed)"
        }.joined(separator: ", ")
    }
}

extension Double {
    /// The number with its sign and four decimals.
    fileprivate var signed: String { (self < 0 ? "" : "+") + fixed(4) }
}
