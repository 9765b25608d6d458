// Times the ranking and scoring of a retrieval set; scripts/bench/retrieval.py makes the set, runs
// this beside its peer and compares what both found.
//
//     RetrievalBenchmark FOLDER [THREADS]
//
// FOLDER holds `set.json` (width, document ids, queries with their judgements) and `vectors.bin`
// (float32 rows, the queries first). Prints one JSON line of seconds, memory and scores, and writes
// `found.jsonl`: the first 101 documents of each query with their scores, and its measures.

import Foundation
import MoCaCore
import MoCaEvaluation
import MoCaSearch
import MoCaVectors
import Torch

/// `set.json`.
struct SyntheticSet: Decodable {
    struct Query: Decodable {
        let id: String
        let relevance: [String: Int]
    }
    let width: Int
    let documents: [String]
    let queries: [Query]
}

/// A line of `found.jsonl`.
struct FoundLine: Encodable {
    let query: String
    let documents: [String]
    let scores: [Float]
    let measures: [String: Double]
    let rank: Int?
}

/// The line of standard output.
struct BenchmarkLine: Encodable {
    let queries: Int
    let documents: Int
    let width: Int
    let seconds_corpus: Double
    let seconds_search: Double
    let seconds_intervals: Double
    let queries_per_second: Double
    let gemm_share: Double
    let resident_bytes_before: Int
    let peak_bytes: Int
    let scores: [String: Double]
}

/// One set, loaded.
struct RetrievalBenchmark {
    let data: SyntheticSet
    let matrix: VectorMatrix
    let folder: URL

    init(folder: URL) throws {
        self.folder = folder
        data = try JSONDecoder().decode(
            SyntheticSet.self, from: Data(contentsOf: folder.appending(path: "set.json")))
        matrix = VectorMatrix(
            bytes: try Data(
                contentsOf: folder.appending(path: "vectors.bin"), options: .alwaysMapped),
            width: data.width)
    }

    private var rows: [Int] { data.documents.indices.map { data.queries.count + $0 } }

    private var queries: [JudgedQuery] {
        data.queries.enumerated().map {
            let relevance = $1.relevance.map { (ExactText($0.key), $0.value) }
            return JudgedQuery(
                id: $1.id, row: $0, relevance: Dictionary(uniqueKeysWithValues: relevance))
        }
    }

    func run() throws -> BenchmarkLine {
        let peak = GEMMPeak.measure(.float32, on: .cpu)
        // A peak since the start would be the parent's, where it is greater.
        _ = ProcessMemory.restartPeak()
        let before = ProcessMemory.residentBytes ?? 0
        let clock = ContinuousClock()
        let start = clock.now
        let corpus = try Corpus(ids: data.documents)
        let ready = clock.now
        var evaluation = RetrievalEvaluation(corpus: corpus)
        try evaluation.add(queries, in: matrix, documents: rows)
        let ranked = clock.now
        let score = try evaluation.score(set: "synthetic", random: RandomSource(seed: 0))
        let end = clock.now
        let memory = ProcessMemory.restartedPeakBytes ?? ProcessMemory.peakResidentBytes
        try write(evaluation.outcomes, corpus)
        let seconds = (ranked - ready).seconds
        let operations =
            2 * Double(data.queries.count) * Double(data.documents.count) * Double(data.width)
        return BenchmarkLine(
            queries: data.queries.count, documents: data.documents.count, width: data.width,
            seconds_corpus: (ready - start).seconds, seconds_search: seconds,
            seconds_intervals: (end - ranked).seconds,
            queries_per_second: Double(data.queries.count) / seconds,
            gemm_share: operations / seconds / peak.perSecond, resident_bytes_before: before,
            peak_bytes: memory, scores: SetScore.retrieval(score).values)
    }

    /// What was found, from a search that is not timed.
    private func write(_ outcomes: [QueryOutcome], _ corpus: Corpus) throws {
        let search = ExactSearch(
            matrix: matrix, documents: corpus.sources.map { data.queries.count + $0 })
        let encoder = JSONEncoder()
        var lines = Data()
        try search.forEach(
            queries.map { ExactSearch.Query(row: $0.row) }, count: 101, willCompute: {}
        ) { number, found in
            let outcome = outcomes[number]
            lines += try encoder.encode(
                FoundLine(
                    query: outcome.query, documents: found.best.map { corpus.ids[$0.row] },
                    scores: found.best.map(\.score), measures: outcome.measures,
                    rank: outcome.rankOfRelevant))
            lines.append(UInt8(ascii: "\n"))
        }
        try lines.write(to: folder.appending(path: "found.jsonl"))
    }
}

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    FileHandle.standardError.write(Data("usage: RetrievalBenchmark FOLDER [THREADS]\n".utf8))
    exit(64)
}
if arguments.count > 2, let threads = Int(arguments[2]) { LibTorch.setThreadCount(threads) }
let encoder = JSONEncoder()
encoder.outputFormatting = .sortedKeys
let line = try RetrievalBenchmark(folder: URL(filePath: arguments[1])).run()
print(String(decoding: try encoder.encode(line), as: UTF8.self))
