// The answers to a search as JSON.

/// The answers to a search, as `moca search --json` prints them.
package struct SearchAnswers: Sendable, Encodable {
    /// One answer.
    struct Result: Sendable, Encodable {
        let id: String
        let path: String
        let kind: IndexItem.Kind
        let score: Float
        let excerpt: String
    }

    /// The text that was searched for.
    let query: String?
    /// The path of the image that was searched for.
    let image: String?
    let results: [Result]

    /// - Parameters:
    ///   - query: the text that was searched for.
    ///   - image: the path of the image that was searched for.
    package init(query: String?, image: String?, hits: [SearchIndex.Hit]) {
        self.query = query
        self.image = image
        results = hits.map { hit in
            Result(
                id: hit.item.id, path: hit.item.path, kind: hit.item.kind, score: hit.score,
                excerpt: hit.item.excerpt)
        }
    }
}
