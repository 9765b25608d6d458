// The query and document of each row of a subset.

import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSystem
import MoCaTables
import MoCaVectors

/// The distinct queries and documents of a subset, and the rows of their vectors.
struct MiningPairs {
    /// The maximum number of rows that are read and embedded together.
    private static let windowCountMax = 2048

    /// The subset's row of each pair; excluded records are absent.
    private(set) var rows: [Int] = []
    /// The query of each pair, as an index in `queryRows`.
    private(set) var queries: [Int32] = []
    /// The positive document of each pair, as an index in `documentRows`.
    private(set) var documents: [Int32] = []
    /// The cache's row of each query.
    private(set) var queryRows: [Int] = []
    /// The cache's row of each document.
    private(set) var documentRows: [Int] = []
    /// Each document, as written in the first row that contains it.
    private(set) var sides: [PairSide] = []
    /// The number of rows that already had negatives.
    private(set) var rowsWithNegatives = 0

    private var queryNumbers: [Int: Int32] = [:]
    private var documentNumbers: [Int: Int32] = [:]

    /// Creates pairs with known vectors: indices of queries and documents, and the rows of their
    /// vectors.
    init(queries: [Int32], documents: [Int32], queryRows: [Int], documentRows: [Int]) {
        (self.queries, self.documents, rows) = (queries, documents, Array(queries.indices))
        (self.queryRows, self.documentRows) = (queryRows, documentRows)
    }

    /// Reads all rows of a subset, and embeds each distinct content once.
    ///
    /// - Parameters:
    ///   - filter: excludes records, and takes those that fail.
    ///   - progress: counts the completed rows.
    /// - Throws: `DataError`, errors of embedding.
    init(
        _ subset: Subset, in catalog: Catalog<ContrastiveSample>, _ filter: MiningQuarantine,
        embedder: inout CachedEmbedder, progress: ProgressCounter
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
            progress.add(row + 1 - firstRow)
            (window, firstRow) = (Window(), row + 1)
        }
    }

    /// Rows that are embedded together.
    private struct Window {
        var ids: [SampleID] = []
        /// The query and positive of each row.
        var inputs: [PromptedContent] = []
        /// The positive of each row, as stored in the file.
        var sides: [PairSide] = []
        var meter = WindowMeter()

        /// A window of one of the rows.
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
            embedder.embedder.prompted(sample.query, as: .query),
            embedder.embedder.prompted(sample.positive, as: role),
        ]
        window.meter.add(sample.query)
        window.meter.add(sample.positive)
    }

    /// Embeds the rows together; if one fails and may be skipped, embeds each separately.
    private mutating func embed(
        _ window: Window, _ embedder: inout CachedEmbedder, _ filter: MiningQuarantine
    ) async throws {
        guard filter.skips else { return try await embed(window, &embedder) }
        do {
            try await embed(window, &embedder)
        } catch  where window.ids.count == 1 {
            try filter.take(window.ids[0], error)
        } catch {
            // Other shards passed over this window, and know nothing of its failure.
            let shard = embedder.shard
            embedder.shard = nil
            defer { embedder.shard = shard }
            for index in window.ids.indices {
                try await embed(window.alone(index), &embedder, filter)
            }
        }
    }

    private mutating func embed(
        _ window: Window, _ embedder: inout CachedEmbedder
    ) async throws {
        let found = try await embedder.rows(of: window.inputs) { index in
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

    /// The greatest number of rows of a single query.
    var rowsOfAQueryMax: Int {
        var counts = [Int](repeating: 0, count: queryRows.count)
        for query in queries { counts[Int(query)] += 1 }
        return counts.max() ?? 0
    }
}
