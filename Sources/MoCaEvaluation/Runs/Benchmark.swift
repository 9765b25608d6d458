// The benchmarks, and their runs by name.

package import Foundation

/// The benchmark that a set is scored as.
package enum Benchmark: String, Sendable, Hashable {
    case mmeb, vidore, retrieval

    /// The documents of a retrieval benchmark; nil if queries have their own candidates.
    var documents: EvaluationRun.Documents? {
        switch self {
        case .mmeb: nil
        case .vidore: .pages
        case .retrieval: .any
        }
    }

    /// Checks that the sets exist and can be scored.
    ///
    /// - Parameter subsets: the sets to score; all of them when empty.
    /// - Throws: `EvaluationError`, `DataError`.
    package func checkSets(in data: URL, subsets: [String]) throws {
        _ = try sets(in: data, subsets: subsets)
    }

    /// The folders of the sets to score.
    ///
    /// - Throws: `EvaluationError`, `DataError`.
    func sets(in data: URL, subsets: [String]) throws -> [URL] {
        if let documents {
            try EvaluationRun.retrievalSets(in: data, subsets: subsets, documents)
        } else {
            try EvaluationRun.mmebSets(in: data, subsets: subsets)
        }
    }
}

extension EvaluationRun {
    /// Scores the sets of a benchmark.
    ///
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`.
    package func scores(of benchmark: Benchmark) async throws -> Report {
        if let documents = benchmark.documents { return try await retrieval(documents) }
        return try await mmeb()
    }
}
