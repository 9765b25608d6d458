// Training samples as the model sees them: images, and tokens as chips.

/// One sample: its inputs side by side, or its problem.
package struct SampleCard: ReportItem, Hashable {
    /// A run of tokens shown as one chip.
    package struct Chip: Sendable, Hashable {
        /// The style of a chip.
        package enum Kind: String, Sendable, Hashable {
            /// Ordinary text.
            case text
            /// A token that is not ordinary text.
            case special
            /// A token that the mask token replaces.
            case masked
            /// A token removed by truncation.
            case cut
        }

        package var text: String
        /// The token ids, or a remark about several tokens; shown on hover.
        package var note: String
        package var kind: Kind

        package init(_ text: String, note: String, kind: Kind) {
            (self.text, self.note, self.kind) = (text, note, kind)
        }
    }

    /// An image with its sizes as the caption.
    package struct Picture: Sendable, Hashable {
        package var image: ReportImage
        package var caption: String

        package init(_ image: ReportImage, caption: String) {
            (self.image, self.caption) = (image, caption)
        }
    }

    /// One input, such as a query.
    package struct Side: Sendable, Hashable {
        package var name: String
        /// The numbers of tokens and images.
        package var note: String
        package var pictures: [Picture]
        package var chips: [Chip]
        /// A sentence about what truncation removed; empty if nothing.
        package var warning = ""
        /// All token ids, as text.
        package var ids = ""

        package init(_ name: String, note: String, pictures: [Picture], chips: [Chip]) {
            (self.name, self.note) = (name, note)
            (self.pictures, self.chips) = (pictures, chips)
        }
    }

    package var name: String
    package var sides: [Side]
    /// The reason why a run cannot use the sample; empty if it can.
    package var problem: String

    package init(_ name: String, sides: [Side], problem: String = "") {
        (self.name, self.sides, self.problem) = (name, sides, problem)
    }

    package static func html(_ cards: [SampleCard], name: String) -> HTML {
        let cards = cards.map(\.html)
        return "<div class=\"samples\">\n\(cards)</div>"
    }

    private var html: HTML {
        let warning: HTML = "<p class=\"warning\">\(problem)</p>\n"
        let sides = sides.map(\.html)
        let row: HTML = "<div class=\"sides\">\n\(sides)</div>\n"
        return """
            <article class="sample">
            <h3>\(name)</h3>
            \(problem.isEmpty ? nil : warning)\(sides.isEmpty ? nil : row)</article>

            """
    }
}

extension SampleCard.Side {
    fileprivate var html: HTML {
        let figures: [HTML] = pictures.map { picture in
            """
            <figure>\(picture.image.html)<figcaption>\(picture.caption)</figcaption></figure>

            """
        }
        let chips: [HTML] = chips.enumerated().map { index, chip in
            """
            <span class="chip \(chip.kind.rawValue) tint-\(index % 4)" title="\(chip.note)">\
            \(chip.text)</span>
            """
        }
        let tokens: HTML = "<p class=\"chips\" dir=\"auto\">\(chips)</p>\n"
        let lost: HTML = "<p class=\"warning\">\(warning)</p>\n"
        return """
            <div class="side"><h4><span class="label">\(name)</span> \
            <span class="note">\(note)</span></h4>
            \(figures)\(chips.isEmpty ? nil : tokens)\(warning.isEmpty ? nil : lost)\
            <details><summary>Token ids</summary><p class="ids">\(ids)</p></details></div>

            """
    }
}

extension SampleCard {
    package static func markdown(_ cards: [SampleCard], level: Int) -> String {
        cards.map(\.markdown).joined(separator: "\n\n")
    }

    private var markdown: String {
        let lines = sides.map { side in
            let text = side.chips.map(\.text).joined()
            let warning = side.warning.isEmpty ? "" : " **\(Markdown.text(side.warning))**"
            return "- \(Markdown.text(side.name)), \(Markdown.text(side.note)): "
                + "\(Markdown.text(text))\(warning)"
        }
        let fault = problem.isEmpty ? [] : ["**\(Markdown.text(problem))**"]
        return (["**\(Markdown.text(name))**"] + fault + [lines.joined(separator: "\n")])
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
}
