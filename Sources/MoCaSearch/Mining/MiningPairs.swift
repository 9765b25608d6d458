// The pairs of one subset: which query and which document each row has.

import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaTables
import MoCaVectors

/// Distinct queries and documents of a subset, and where their vectors are.
struct MiningPairs {
    /// Rows that are read and embedded together, at most.
    private static let windowCountMax = 2048

    /// The row of the subset that each pair is; records that are left out have none.
    private(set) var rows: [Int] = []
    /// The query of each pair.
    private(set) var queries: [Int32] = []
    /// The document of each pair: its positive.
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
        (self.queries, self.documents, rows) = (queries, documents, Array(queries.indices))
        (self.queryRows, self.documentRows) = (queryRows, documentRows)
    }

    /// Reads all rows of a subset, and embeds each distinct content once.
    ///
    /// - Parameters:
    ///   - filter: says which records are left out, and takes those that fail.
    ///   - progress: told how many more rows are done.
    /// - Throws: `DataError`, what embedding throws.
    init(
        _ subset: Subset, in catalog: Catalog<ContrastiveSample>, _ filter: MiningQuarantine,
        embedder: inout CachedEmbedder, progress: (Int) -> Void
    ) async throws {
        var window = Window()
        var firstRow = 0
        for row in 0..<subset.rowCount {
            let id = SampleID(subset: subset.name, row: row)
            if filter.admits(id) {
                try filter.taking(id) { try add(id, catalog, embedder, to: &window) }
            }
            let isFull =
                window.meter.isFull
                || window.ids.count == Self.windowCountMax
            guard isFull || row == subset.rowCount - 1 else { continue }
            try await embed(window, &embedder, filter)
            progress(row + 1 - firstRow)
            (window, firstRow) = (Window(), row + 1)
        }
    }

    /// Rows that are embedded together.
    private struct Window {
        var ids: [SampleID] = []
        /// Query and positive of each.
        var inputs: [PromptedContent] = []
        /// The positive of each as the file holds it.
        var sides: [PairSide] = []
        var meter = WindowMeter()

        /// One of the rows.
        func alone(_ index: Int) -> Window {
            Window(
                ids: [ids[index]], inputs: Array(inputs[2 * index...2 * index + 1]),
                sides: [sides[index]])
        }
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
            PromptedContent(content: sample.query, role: embedder.embedder.known(.query)),
            PromptedContent(content: sample.positive, role: embedder.embedder.known(role)),
        ]
        window.meter.add(sample.query)
        window.meter.add(sample.positive)
    }

    /// Embeds the rows together; where one of them fails and may be left out, each by itself.
    private mutating func embed(
        _ window: Window, _ embedder: inout CachedEmbedder, _ filter: MiningQuarantine
    ) async throws {
        guard filter.skips else { return try await embed(window, &embedder) }
        do {
            try await embed(window, &embedder)
        } catch  where window.ids.count == 1 {
            try filter.take(window.ids[0], error)
        } catch {
            for index in window.ids.indices {
                try await embed(window.alone(index), &embedder, filter)
            }
        }
    }

    private mutating func embed(
        _ window: Window, _ embedder: inout CachedEmbedder
    ) async throws {
        let found = try await embedder.rows(of: window.inputs, tellsCount: false) { index in
            "\(window.ids[index / 2]), \(index % 2 == 0 ? "query" : "positive")"
        }
        for (index, side) in window.sides.enumerated() {
            rows.append(window.ids[index].row)
            queries.append(Self.number(found[2 * index], &queryNumbers, &queryRows))
            documents.append(
                Self.number(found[2 * index + 1], &documentNumbers, &documentRows))
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
