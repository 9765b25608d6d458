// MMEB (Jiang et al., "VLM2Vec", 2024): each query has its own candidates, of which the first is
// right.

package import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSearch

extension EvaluationRun {
    /// Scores sets in the layout of MMEB. Each (text, image) pair is embedded once over all sets; a
    /// tie for the best candidate is a miss.
    ///
    /// Prompts of the model are put around queries (`query`) and candidates (`document`, with an
    /// image `document_image`); without any, texts are used as they are.
    ///
    /// - Throws: `DataError`, `EmbeddingJobError`, `EvaluationError`, `EvaluationRunError`.
    package func mmeb() async throws -> Report {
        let folders = try Self.mmebSets(in: data, subsets: subsets)
        let report = try await scoreAll(folders, .mmeb) { folder, embedder in
            let set = try MMEBSet(
                folder, images: images ?? data, part: part ?? EvaluationPart(), embedder)
            let rows = try await embedder.rows(of: set.inputs) { set.names[$0] }
            let matrix = try embedder.cache.matrix()
            if savesVectors { try set.write(matrix, rows, to: output) }
            return try set.score(matrix, rows, embedder.cache)
        }
        try report.scores.writeMMEB(to: output)
        return report
    }

    /// The folders of the sets to score: those of `subsets`, or all.
    ///
    /// - Throws: `EvaluationRunError.noSets`, `.setMissing`, `.cannotRead`.
    package static func mmebSets(in data: URL, subsets: [String]) throws -> [URL] {
        try setFolders(data, subsets: subsets, layout: "test.parquet", hasRecords)
    }

    private static func hasRecords(_ folder: URL) throws -> Bool {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.contains { name in
            !name.hasPrefix(".")
                && RecordFormat(folder.appending(path: name))?.isWebDataset == false
        }
    }
}

/// The queries of one set, and the distinct inputs that they and their candidates are.
private struct MMEBSet {
    /// One query, as numbers of inputs.
    struct Query {
        let id: String
        let query: Int
        let candidates: [Int]
    }

    let name: String
    private(set) var queries: [Query] = []
    private(set) var inputs: [PromptedContent] = []
    /// Where each input stands first.
    private(set) var names: [String] = []

    init(
        _ folder: URL, images: URL, part: EvaluationPart, _ embedder: CachedEmbedder
    ) throws {
        name = folder.lastPathComponent
        let catalog = try Catalog<BenchmarkSample>(
            folders: [folder], images: ImageStore(root: images))
        try Self.requireWholeTexts(catalog)
        var numbers: [PromptedContent: Int] = [:]
        for row in try Self.rows(part, in: catalog) {
            var sample = try catalog.sample(
                SampleID(subset: catalog.subsets[0].name, row: row))
            // The right one is the first.
            if let count = part.candidateCount {
                sample.candidates = Array(sample.candidates.prefix(max(1, count)))
            }
            let id = sample.id.description
            let query = number(
                PromptedContent(content: sample.query, role: embedder.known(.query)), &numbers
            ) { "\(id), query" }
            let candidates = sample.candidates.enumerated().map { index, content in
                let role = content.images.isEmpty ? Role.document : .documentImage
                return number(
                    PromptedContent(content: content, role: embedder.known(role)), &numbers
                ) { "\(id), candidate \(index)" }
            }
            queries.append(Query(id: id, query: query, candidates: candidates))
        }
    }

    /// Refuses the files of MMEB-V2's image sets (ziyjiang/MMEB_Test_Instruct), whose texts lack their
    /// instructions: scores without these are no one's.
    private static func requireWholeTexts(_ catalog: Catalog<BenchmarkSample>) throws {
        guard catalog.rowCount > 0 else { return }
        let name = catalog.subsets[0].name
        let record = try catalog.record(SampleID(subset: name, row: 0))
        guard record.queryInstruction?.isEmpty ?? true else {
            throw EvaluationRunError.setRefused(
                name: name,
                reason:
                    "its instructions are apart from its texts (qry_inst), as MMEB-V2 has them; "
                    + "MMEB's own files hold the same queries with their instructions")
        }
    }

    /// The rows of the chosen queries: by what they ask and what is right, for they have no ids.
    private static func rows(
        _ part: EvaluationPart, in catalog: Catalog<BenchmarkSample>
    ) throws -> [Int] {
        guard let count = part.queryCount, count < catalog.rowCount else {
            return Array(0..<catalog.rowCount)
        }
        let names = try (0..<catalog.rowCount).map { row in
            let record = try catalog.record(SampleID(subset: catalog.subsets[0].name, row: row))
            return [
                record.queryText, record.queryImagePath, record.targetTexts?.first,
                record.targetImagePaths?.first,
            ].map { $0 ?? "" }.joined(separator: "\u{1F}")
        }
        return part.chosen(count, of: names)
    }

    private mutating func number(
        _ input: PromptedContent, _ numbers: inout [PromptedContent: Int], name: () -> String
    ) -> Int {
        if let number = numbers[input] { return number }
        numbers[input] = inputs.count
        inputs.append(input)
        names.append(name())
        return inputs.count - 1
    }

    /// - Parameter rows: the matrix's row of each input.
    func score(
        _ matrix: VectorMatrix, _ rows: [Int], _ cache: VectorCache
    ) throws -> EvaluationRun.ScoredSet {
        var evaluation = PrecisionAtOne()
        var digest = Digest()
        for query in queries {
            for input in [query.query] + query.candidates {
                digest.add(cache.key(of: rows[input]).text)
            }
            let scores = matrix.scores(
                of: rows[query.query], with: query.candidates.map { rows[$0] })
            let right = rows[query.candidates[0]]
            try evaluation.add(
                scores, query: query.id,
                hasDuplicateOfRight: query.candidates.dropFirst().contains { rows[$0] == right })
        }
        return EvaluationRun.ScoredSet(
            score: .precision(try evaluation.score(set: name)), outcomes: evaluation.outcomes,
            data: digest.text)
    }

    /// Writes the distinct vectors, and which of them queries and candidates are.
    func write(_ matrix: VectorMatrix, _ rows: [Int], to folder: URL) throws {
        let starts = queries.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.candidates.count) }
        var file = VectorFile(matrix)
        file.add(vectors: "vectors", rows: rows)
        file.add(integers: "queries", queries.map(\.query))
        file.add(integers: "candidates", queries.flatMap(\.candidates))
        file.add(integers: "candidate_starts", starts)
        try file.write(
            to: folder.appending(path: "\(name)_vectors.safetensors"),
            ids: ["vector_ids": names, "query_ids": queries.map(\.id)])
    }
}
