// Reads the inputs of a set in the layout of MMEB again by the ids of its outcomes.

import Foundation
import MoCaCore
import MoCaData
import MoCaTables
import MoCaEmbedding
import MoCaVectors

/// The records of a set in the layout of MMEB.
final class MMEBContents: ContentSource {
    private let catalog: Catalog<BenchmarkSample>
    private let roles: Set<Role>

    init(_ folder: URL, images: URL, _ roles: Set<Role>) throws {
        catalog = try Catalog(folders: [folder], images: ImageStore(root: images))
        self.roles = roles
    }

    func input(_ query: String) throws -> String? {
        try record(query)?.sides()[0].inputText
    }

    func query(_ id: String) throws -> PromptedContent? {
        guard let record = try record(id) else { return nil }
        let content = try record.content(of: record.sides()[0], images: catalog.images)
        return PromptedContent(content: content, role: .query, prompted: roles)
    }

    /// Only the images of this candidate are read: others may be in archives.
    func candidate(_ id: String, of query: String) throws -> PromptedContent? {
        guard let number = Int(id), let record = try record(query) else { return nil }
        let sides = Array(try record.sides().dropFirst())
        guard sides.indices.contains(number) else { return nil }
        let content = try record.content(of: sides[number], images: catalog.images)
        let role = content.images.isEmpty ? Role.document : .documentImage
        return PromptedContent(content: content, role: role, prompted: roles)
    }

    private func record(_ query: String) throws -> BenchmarkRecord? {
        guard let mark = query.lastIndex(of: "#"),
            let row = Int(query[query.index(after: mark)...]),
            (0..<catalog.rowCount).contains(row)
        else { return nil }
        return try catalog.record(SampleID(subset: catalog.subsets[0].name, row: row))
    }

    // MARK: Confusions

    /// The text and image path that identify an answer.
    private struct Answer: Hashable {
        let text: String
        let path: String

        /// nil if there is no candidate with this index.
        init?(_ number: Int, of candidates: [BenchmarkSide]) {
            guard candidates.indices.contains(number) else { return nil }
            (text, path) = (candidates[number].text, candidates[number].imagePath)
        }
    }

    private struct Pair: Hashable {
        let right: Answer
        let wrong: Answer
    }

    func confusions(_ outcomes: [QueryOutcome], count: Int) throws -> [Confusion] {
        var found: [Pair: (count: Int, first: Int)] = [:]
        var queryCounts: [Answer: Int] = [:]
        for (index, outcome) in outcomes.enumerated() where !outcome.isRight {
            guard let pair = try pair(of: outcome) else { continue }
            found[pair, default: (0, index)].count += 1
            queryCounts[pair.right, default: 0] += 1
        }
        let frequent = found.filter { $0.value.count > 1 }.sorted {
            ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first)
        }.prefix(count)
        guard !frequent.isEmpty else { return [] }
        for outcome in outcomes where outcome.isRight {
            guard let candidates = try candidates(of: outcome),
                let right = Answer(0, of: candidates)
            else { continue }
            queryCounts[right, default: 0] += 1
        }
        return frequent.map { pair, value in
            Confusion(
                count: value.count, queryCount: queryCounts[pair.right] ?? value.count,
                example: outcomes[value.first])
        }
    }

    private func pair(of outcome: QueryOutcome) throws -> Pair? {
        guard let wrong = outcome.best.first.flatMap({ Int($0.id) }),
            let candidates = try candidates(of: outcome),
            let right = Answer(0, of: candidates), let other = Answer(wrong, of: candidates)
        else { return nil }
        return Pair(right: right, wrong: other)
    }

    /// The candidates of a query; nil if the query no longer exists or its input has changed.
    private func candidates(of outcome: QueryOutcome) throws -> [BenchmarkSide]? {
        guard let sides = try record(outcome.query)?.sides(),
            outcome.input == nil || outcome.input == sides[0].inputText
        else { return nil }
        return Array(sides.dropFirst())
    }
}

extension BenchmarkSide {
    /// Text and image path for display; a `data:` URL is abbreviated to `image`.
    var inputText: String {
        guard !imagePath.isEmpty else { return text }
        return "\(text) [\(imagePath.hasPrefix("data:") ? "image" : imagePath)]"
    }
}
