// Queries with their search results.

/// One query and its best results, the best first.
package struct QueryCard: ReportItem, Hashable {
    /// One document of the results.
    package struct Result: Sendable, Hashable {
        package var content: ReportContent
        /// The cosine of query and document; not finite if unknown.
        package var score: Double
        /// Whether the document is relevant.
        package var isRight: Bool
        /// The document's position in the ranking, if it differs from the index in the list.
        package var place = Place.listed

        package init(_ content: ReportContent, score: Double, isRight: Bool) {
            self.content = content
            self.score = score
            self.isRight = isRight
        }
    }

    /// The position of a result in the ranking.
    package enum Place: Sendable, Hashable {
        /// The rank that follows from the index in the list.
        case listed
        /// A known rank, from 1.
        case rank(Int)
        /// An unknown rank below the list.
        case below
        /// A label in place of a rank.
        case named(String)
    }

    package var query: ReportContent
    /// The kind of the query, such as a language or a set.
    package var note: String
    package var results: [Result]
    /// The rank of the first relevant document, from 1, if known; it may exceed `results.count`.
    package var rightRank: Int?
    /// The number of documents searched.
    package var documentCount: Int?
    /// Whether the relevant documents are known.
    package var isJudged = true
    /// The text below the query in place of the rank of the first relevant document; empty for the
    /// rank.
    package var statement = ""

    package init(
        _ query: ReportContent, note: String = "", results: [Result], rightRank: Int? = nil,
        documentCount: Int? = nil
    ) {
        self.query = query
        self.note = note
        self.results = results
        self.rightRank = rightRank
        self.documentCount = documentCount
    }

    package static func html(_ cards: [QueryCard], name: String) -> HTML {
        let cards = cards.map(\.html)
        return "<div class=\"cards\">\n\(cards)</div>"
    }

    private var html: HTML {
        let text: HTML = "<p class=\"text\" dir=\"auto\">\(query.text)</p>"
        let items: [HTML] = results.enumerated().map { Self.item($1, index: $0) }
        return """
            <article class="card">
            <div class="query"><h3><span class="label">Query</span>\
            \(note.isEmpty ? nil : " <span class=\"note\">\(note)</span>" as HTML?)</h3>\
            \(query.image?.html)\(query.text.isEmpty ? nil : text)\
            <p class="verdict">\(verdict)</p></div>
            <ol class="results">
            \(items)</ol>
            </article>

            """
    }

    var verdict: String {
        guard statement.isEmpty else { return statement }
        let among = documentCount.map { " of \($0)" } ?? ""
        let listed = results.count { $0.place == .listed }
        guard isJudged else { return "The best \(listed)\(among)" }
        if let rightRank { return "First right answer at rank \(rightRank)\(among)" }
        if let index = results.firstIndex(where: { $0.isRight && $0.place == .listed }) {
            return "First right answer at rank \(index + 1)\(among)"
        }
        return "No right answer among the best \(listed)\(among)"
    }

    private static func item(_ result: Result, index: Int) -> HTML {
        let text: HTML = "<p class=\"text\" dir=\"auto\">\(result.content.text)</p>"
        let badge: HTML = """
            <span class="badge"><span aria-hidden="true">&#10003;</span> right</span>
            """
        let kind: HTML = result.isRight ? "result right" : "result"
        return """
            <li class="\(kind)">\(result.content.image?.html)\
            \(result.content.text.isEmpty ? nil : text)\
            <p class="meta"><span class="rank">\(result.rankText(index: index))</span> \
            <span class="cosine">\(result.scoreText)</span>\(result.isRight ? badge : nil)</p>\
            </li>

            """
    }
}

extension QueryCard.Result {
    /// The rank or label as text.
    func rankText(index: Int) -> String {
        switch place {
        case .listed: "\(index + 1)"
        case .rank(let rank): "\(rank)"
        case .below: "below"
        case .named(let name): name
        }
    }

    /// The cosine as text.
    var scoreText: String { score.isFinite ? score.fixed(3) : "" }
}

extension QueryCard {
    package static func markdown(_ cards: [QueryCard], level: Int) -> String {
        cards.map(\.markdown).joined(separator: "\n\n")
    }

    private var markdown: String {
        let title = [note, query.label].filter { !$0.isEmpty }.map(Markdown.text)
            .joined(separator: ": ")
        let rows = results.enumerated().map { index, result in
            [
                result.rankText(index: index), result.scoreText,
                result.isRight ? "right" : "", result.content.label,
            ]
        }
        let table = Markdown.table(["rank", "similarity", "", "result"], rows)
        return "**\(title)**\n\n\(Markdown.paragraph(verdict)).\n\n\(table)"
    }
}

extension ReportContent {
    /// The text, or the image's description.
    fileprivate var label: String {
        guard let image else { return text }
        return text.isEmpty ? "[\(image.description)]" : "[\(image.description)] \(text)"
    }
}
