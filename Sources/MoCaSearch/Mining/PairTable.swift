// The pairs of one subset: which query and which document each row has.

import MoCaCore
import MoCaData
import MoCaEmbedding

/// Distinct queries and documents of a subset, and where their vectors are.
struct PairTable {
    /// Rows that are read and embedded together, at most.
    private static let windowCountMax = 2048

    /// The query of each row.
    private(set) var queries: [Int32] = []
    /// The document of each row: its positive.
    private(set) var documents: [Int32] = []
    /// The cache's row of each query.
    private(set) var queryRows: [Int] = []
    /// The cache's row of each document.
    private(set) var documentRows: [Int] = []
    /// Each document as the first row that has it writes it.
    private(set) var sides: [PairSide] = []
    /// Rows that had negatives before.
    private(set) var rowsWithNegatives = 0

    private var queryNumbers: [Int: Int32] = [:]
    private var documentNumbers: [Int: Int32] = [:]

    /// Pairs whose vectors are known: numbers of queries and documents, and the vectors' rows.
    init(queries: [Int32], documents: [Int32], queryRows: [Int], documentRows: [Int]) {
        (self.queries, self.documents) = (queries, documents)
        (self.queryRows, self.documentRows) = (queryRows, documentRows)
    }

    /// Reads all rows of a subset, and embeds each distinct content once.
    ///
    /// - Parameter progress: told how many more rows are done.
    /// - Throws: `DataError`, what embedding throws.
    init(
        _ subset: Subset, in catalog: Catalog<ContrastiveSample>,
        embedder: inout CachedEmbedder, progress: (Int) -> Void
    ) async throws {
        var window = Window()
        for row in 0..<subset.rowCount {
            try add(SampleID(subset: subset.name, row: row), catalog, embedder, to: &window)
            let isFull =
                window.tokens >= CachedEmbedder.tokenCountMax
                || window.ids.count == Self.windowCountMax
            guard isFull || row == subset.rowCount - 1 else { continue }
            try await embed(window, &embedder)
            progress(window.ids.count)
            window = Window()
        }
    }

    /// Rows that are embedded together.
    private struct Window {
        var ids: [SampleID] = []
        /// Query and positive of each.
        var inputs: [PromptedContent] = []
        /// The positive of each as the file holds it.
        var sides: [PairSide] = []
        var tokens = 0
    }

    private mutating func add(
        _ id: SampleID, _ catalog: Catalog<ContrastiveSample>, _ embedder: CachedEmbedder,
        to window: inout Window
    ) throws {
        let record = try catalog.record(id)
        let sample = try ContrastiveSample(record, id: id, images: catalog.images)
        if !sample.negatives.isEmpty { rowsWithNegatives += 1 }
        let role = sample.positive.images.isEmpty ? Role.document : .documentImage
        window.ids.append(id)
        window.sides.append(record.positiveSide)
        window.inputs += [
            PromptedContent(content: sample.query, role: embedder.known(.query)),
            PromptedContent(content: sample.positive, role: embedder.known(role)),
        ]
        window.tokens +=
            CachedEmbedder.tokenCount(sample.query) + CachedEmbedder.tokenCount(sample.positive)
    }

    private mutating func embed(
        _ window: Window, _ embedder: inout CachedEmbedder
    ) async throws {
        let rows = try await embedder.rows(of: window.inputs, tellsCount: false) { index in
            "\(window.ids[index / 2]), \(index % 2 == 0 ? "query" : "positive")"
        }
        for (index, side) in window.sides.enumerated() {
            queries.append(Self.number(rows[2 * index], &queryNumbers, &queryRows))
            documents.append(Self.number(rows[2 * index + 1], &documentNumbers, &documentRows))
            if documentRows.count > sides.count { sides.append(side) }
        }
    }

    private static func number(
        _ row: Int, _ numbers: inout [Int: Int32], _ rows: inout [Int]
    ) -> Int32 {
        if let number = numbers[row] { return number }
        let number = Int32(rows.count)
        numbers[row] = number
        rows.append(row)
        return number
    }

    /// The distinct documents of each query, in the order of their rows.
    var positives: [[Int]] {
        var positives = [[Int]](repeating: [], count: queryRows.count)
        var seen: Set<Int> = []
        for (query, document) in zip(queries, documents) {
            let pair = Int(query) * documentRows.count + Int(document)
            guard seen.insert(pair).inserted else { continue }
            positives[Int(query)].append(Int(document))
        }
        return positives
    }

    /// The most rows that one query has.
    var rowsOfAQueryMax: Int {
        var counts = [Int](repeating: 0, count: queryRows.count)
        for query in queries { counts[Int(query)] += 1 }
        return counts.max() ?? 0
    }
}
