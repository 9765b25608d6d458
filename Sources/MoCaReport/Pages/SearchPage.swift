// The answers of one search as a page.

import Foundation
import MoCaCore
package import MoCaSearch

/// The page of `moca search --html`.
package struct SearchPage {
    /// The side of a picture on the page, in pixels.
    package static let pictureSide = 320

    private let query: String?
    private let image: String?
    private let hits: [SearchIndex.Hit]
    private let index: SearchIndex

    /// - Parameters:
    ///   - query: the text that was searched for.
    ///   - image: the path of the image that was searched for.
    package init(query: String?, image: String?, hits: [SearchIndex.Hit], index: SearchIndex) {
        self.query = query
        self.image = image
        self.hits = hits
        self.index = index
    }

    /// - Throws: `ReportError`.
    package func report(_ pictures: ReportPictures) throws -> Report {
        var card = QueryCard(
            ReportContent(image: try image.flatMap(pictures.thumbnail), text: query ?? ""),
            results: try hits.map { hit in
                let text = hit.item.excerpt.isEmpty ? hit.item.id : hit.item.excerpt
                return QueryCard.Result(
                    ReportContent(
                        image: try hit.item.picturePath.flatMap(pictures.thumbnail), text: text),
                    score: Double(hit.score), isRight: false)
            }, documentCount: index.items.count)
        card.isJudged = false
        return Report(
            title: "MoCa search", subtitle: query ?? image ?? "",
            sections: [ReportSection("Answers", [card])],
            footer:
                "\(NumberText.counted(index.items.count, "item")) in \(index.folder.path)")
    }
}
