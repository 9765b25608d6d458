// One set in the layout of MMEB: its distinct inputs, their vectors, and its score.

import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSystem
import MoCaTables
import MoCaVectors

/// The queries of one set and their distinct inputs, candidates included.
///
/// Images are read when they are embedded. Only the input indices and the first location of each
/// distinct input are in memory, even for a set with a million candidates.
struct MMEBSet {
    /// A query and its candidates, as indices of inputs.
    struct Query {
        let row: Int
        let query: Int
        let candidates: [Int]
    }

    /// The location of an input: a row, and 0 for its query or 1 and above for its candidates.
    private struct Place {
        let row: Int
        let side: Int
    }

    let name: String
    private(set) var queries: [Query] = []
    /// Whether the part has all queries with all candidates.
    private(set) var isWhole: Bool
    private let catalog: Catalog<BenchmarkSample>
    /// The first location of each distinct input.
    private var places: [Place] = []
    /// The key of each distinct input in its role, regardless of the model's prompts.
    private var contents: [ContentID] = []

    init(_ folder: URL, images: URL, part: EvaluationPart) throws {
        name = folder.lastPathComponent
        catalog = try Catalog(folders: [folder], images: ImageStore(root: images))
        // Hashed, since paths may be `data:` URLs, which contain the image.
        var numbers: [ContentID: Int] = [:]
        let rows = try Self.rows(part, in: catalog)
        isWhole = rows.count == catalog.rowCount
        for row in rows {
            var sides = try catalog.record(id(row)).sides()
            // The query, the right candidate, and others.
            if let count = part.candidateCount, sides.count > 1 + max(1, count) {
                sides = Array(sides.prefix(1 + max(1, count)))
                isWhole = false
            }
            let found = sides.enumerated().map { index, side in
                var hasher = ContentHasher()
                // A query and a candidate may have different prompts.
                hasher.add(index == 0 ? "query" : "candidate")
                hasher.add(side.text)
                hasher.add(side.imagePath)
                if let number = numbers[hasher.id] { return number }
                numbers[hasher.id] = places.count
                places.append(Place(row: row, side: index))
                return places.count - 1
            }
            queries.append(
                Query(row: row, query: found[0], candidates: Array(found.dropFirst())))
        }
    }

    /// The rows of the chosen queries. Queries have no ids and are identified by their input and
    /// right candidate.
    private static func rows(
        _ part: EvaluationPart, in catalog: Catalog<BenchmarkSample>
    ) throws -> [Int] {
        guard let count = part.queryCount, count < catalog.rowCount else {
            return Array(0..<catalog.rowCount)
        }
        let names = try (0..<catalog.rowCount).map { row in
            try catalog.record(SampleID(subset: catalog.subsets[0].name, row: row)).sides()
                .prefix(2).flatMap { [$0.text, $0.imagePath] }.joined(separator: "\u{1F}")
        }
        return part.chosen(count, of: names)
    }

    /// The number of distinct inputs.
    var inputCount: Int { places.count }

    private func id(_ row: Int) -> SampleID { SampleID(subset: catalog.subsets[0].name, row: row) }

    /// The name of an input in errors and files.
    private func inputName(_ place: Place) -> String {
        "\(id(place.row)), \(place.side == 0 ? "query" : "candidate \(place.side - 1)")"
    }

    /// Returns the row of each input in the embedder's matrix, embedding one window at a time.
    ///
    /// - Parameter instruction: what to embed queries for; nil for the embedder's own.
    mutating func rows(
        with embedder: inout CachedEmbedder, instruction: String?
    ) async throws -> [Int] {
        let start = WindowMeter(tokenCountMax: embedder.windowTokens)
        var (window, meter) = ([PromptedContent](), start)
        let known = embedder.embedder.known
        var rows: [Int] = []
        // Consecutive inputs often share a row.
        var read: (row: Int, record: BenchmarkRecord, sides: [BenchmarkSide])?
        rows.reserveCapacity(places.count)
        for (number, place) in places.enumerated() {
            let (record, sides): (BenchmarkRecord, [BenchmarkSide])
            if let read, read.row == place.row {
                (record, sides) = (read.record, read.sides)
            } else {
                record = try catalog.record(id(place.row))
                sides = try record.sides()
                read = (place.row, record, sides)
            }
            let content = try record.content(of: sides[place.side], images: catalog.images)
            let role: Role =
                place.side == 0 ? .query : content.images.isEmpty ? .document : .documentImage
            window.append(PromptedContent(content: content, role: role))
            meter.add(content)
            guard meter.isFull || number == places.count - 1 else { continue }
            let first = rows.count
            let names = (first..<number + 1).map { inputName(places[$0]) }
            let keys = try await ContentID.ids(of: window.map(\.content))
            contents += zip(window, keys).map { $1.adding(role: $0.role) }
            let inputs = zip(window, keys).map {
                Self.input($0, key: $1, instruction: instruction, known: known)
            }
            rows += try await embedder.rows(of: inputs.map(\.content), keys: inputs.map(\.key)) {
                names[$0]
            }
            (window, meter) = ([], start)
        }
        return rows
    }

    /// The input that a model embeds, and its key; `key` is that of its content.
    private static func input(
        _ input: PromptedContent, key: ContentID, instruction: String?, known: (Role) -> Role?
    ) -> (content: PromptedContent, key: ContentID) {
        let role = input.role.flatMap(known)
        var (content, key) = (input.content, key.adding(role: role))
        if input.role == .query, let instruction {
            content.instruction = instruction
            key = key.adding(instruction)
        }
        return (PromptedContent(content: content, role: role), key)
    }

    /// - Parameter rows: the matrix's row of each input.
    func score(
        _ matrix: VectorMatrix, _ rows: [Int]
    ) throws -> EvaluationRun.ScoredSet {
        var evaluation = PrecisionAtOne()
        var hasher = ContentHasher()
        for query in queries {
            for input in [query.query] + query.candidates {
                hasher.add(contents[input])
            }
            let scores = matrix.scores(
                of: rows[query.query], with: query.candidates.map { rows[$0] })
            let right = contents[query.candidates[0]]
            try evaluation.add(
                scores, query: id(query.row).description,
                copiesOfRight: Set(
                    query.candidates.indices.dropFirst().filter {
                        contents[query.candidates[$0]] == right
                    }), vectorCount: matrix.vectorCount(of: rows[query.query]))
        }
        var outcomes = evaluation.outcomes
        for (number, query) in queries.enumerated() {
            outcomes[number].input = try catalog.record(id(query.row)).sides()[0].inputText
        }
        return EvaluationRun.ScoredSet(
            score: .precision(try evaluation.score(set: name)), outcomes: outcomes,
            data: hasher.id.text)
    }

    /// Writes the distinct vectors, and their indices for queries and candidates.
    func write(_ matrix: VectorMatrix, _ rows: [Int], to folder: URL) throws {
        let starts = queries.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.candidates.count) }
        var file = VectorFile(matrix)
        file.add(vectors: "vectors", rows: rows)
        file.add(integers: "queries", queries.map(\.query))
        file.add(integers: "candidates", queries.flatMap(\.candidates))
        file.add(integers: "candidate_starts", starts)
        try file.write(
            to: VectorFile.url(of: name, in: folder),
            ids: [
                "vector_ids": places.map(inputName),
                "query_ids": queries.map { id($0.row).description },
            ])
    }
}
