// Queries with what the search found for them.

/// One query and its best results, the best first.
package struct QueryCard: Sendable, Hashable {
    /// One document that was found.
    package struct Result: Sendable, Hashable {
        package var content: ReportContent
        /// The cosine of query and document.
        package var score: Double
        /// Whether the document is right.
        package var isRight: Bool

        package init(_ content: ReportContent, score: Double, isRight: Bool) {
            self.content = content
            self.score = score
            self.isRight = isRight
        }
    }

    package var query: ReportContent
    /// What kind of query it is, such as a language or a set.
    package var note: String
    package var results: [Result]
    /// The rank of the first right document from 1, where it is known; it may be beyond `results`.
    package var rightRank: Int?
    /// The number of documents that were searched.
    package var documentCount: Int?
    /// Whether it is known which documents are right.
    package var isJudged = true

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

    static func html(_ cards: [QueryCard]) -> HTML {
        let cards = cards.map(\.html)
        return "<div class=\"cards\">\n\(cards)</div>"
    }

    private var html: HTML {
        let text: HTML = "<p class=\"text\" dir=\"auto\">\(query.text)</p>"
        let items: [HTML] = results.enumerated().map { Self.item($1, rank: $0 + 1) }
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

    private var verdict: String {
        let among = documentCount.map { " of \($0)" } ?? ""
        guard isJudged else { return "The best \(results.count)\(among)" }
        if let rightRank { return "First right answer at rank \(rightRank)\(among)" }
        if let index = results.firstIndex(where: \.isRight) {
            return "First right answer at rank \(index + 1)\(among)"
        }
        return "No right answer among the best \(results.count)\(among)"
    }

    private static func item(_ result: Result, rank: Int) -> HTML {
        let text: HTML = "<p class=\"text\" dir=\"auto\">\(result.content.text)</p>"
        let badge: HTML = """
            <span class="badge"><span aria-hidden="true">&#10003;</span> right</span>
            """
        let kind: HTML = result.isRight ? "result right" : "result"
        return """
            <li class="\(kind)">\(result.content.image?.html)\
            \(result.content.text.isEmpty ? nil : text)\
            <p class="meta"><span class="rank">\(rank)</span> \
            <span class="cosine">\(result.score.fixed(3))</span>\(result.isRight ? badge : nil)</p>\
            </li>

            """
    }
}
