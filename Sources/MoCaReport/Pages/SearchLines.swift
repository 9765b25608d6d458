// The output of `moca search --json` as cards of a report.

package import Foundation
import MoCaCore

/// The searches of a file, one on each line.
package struct SearchLines {
    /// One search: the command's output, alone or inside an object that a script added fields to.
    private struct Line: Decodable {
        /// The command's output.
        struct Search: Decodable {
            struct Result: Decodable {
                var path: String
                var kind: String
                var score: Double
                var excerpt: String
            }

            var query: String?
            var image: String?
            var results: [Result]
        }

        var search: Search
        var note: String?
        /// The paths of the relevant files.
        var right: [String]?
        /// The number of documents searched.
        var documents: Int?

        enum CodingKeys: CodingKey {
            case search, note, right, documents
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            guard values.contains(.search) else {
                search = try Search(from: decoder)
                return
            }
            search = try values.decode(Search.self, forKey: .search)
            note = try values.decodeIfPresent(String.self, forKey: .note)
            right = try values.decodeIfPresent([String].self, forKey: .right)
            documents = try values.decodeIfPresent(Int.self, forKey: .documents)
        }
    }

    private let lines: [Line]

    package static let explanation = "The best answers of each search, with their cosines."
    /// The number of results shown.
    private static let shownCount = 5

    /// - Throws: `ReportError.unreadableInput`.
    package init(_ file: URL) throws {
        do {
            let text = try Data(contentsOf: file)
            lines = try text.split(separator: UInt8(ascii: "\n"))
                .filter { !$0.allSatisfy { $0 <= 0x20 } }
                .map { try JSONDecoder().decode(Line.self, from: Data($0)) }
        } catch is DecodingError {
            throw ReportError.unreadableInput(
                file: file.path, reason: "a line is not what `moca search --json` prints")
        } catch {
            throw ReportError.unreadableInput(file: file.path, reason: error.localizedDescription)
        }
    }

    /// One card for each search.
    ///
    /// - Throws: `ReportError`.
    package func cards(_ pictures: ReportPictures) throws -> [QueryCard] {
        try lines.map { line in
            let right = Set((line.right ?? []).map(Self.resolved))
            let results = line.search.results
            let card = try results.prefix(Self.shownCount).map { result in
                let picture = result.kind == "image" ? try pictures.thumbnail(result.path) : nil
                let name = URL(fileURLWithPath: result.path).lastPathComponent
                let text = result.excerpt.isEmpty && picture == nil ? name : result.excerpt
                return QueryCard.Result(
                    ReportContent(image: picture, text: text), score: result.score,
                    isRight: right.contains(Self.resolved(result.path)))
            }
            let rank = results.firstIndex { right.contains(Self.resolved($0.path)) }
            return QueryCard(
                ReportContent(
                    image: try line.search.image.flatMap(pictures.thumbnail),
                    text: line.search.query ?? ""),
                note: line.note ?? "", results: Array(card), rightRank: rank.map { $0 + 1 },
                documentCount: line.documents)
        }
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
