// Samples are loaded by several threads; the result depends only on their order.

import MoCaSystem
package import MoCaTables

/// A stream of batches without the samples that its quarantine excludes.
package protocol BatchStream: Sendable {
    /// The position of the stream.
    var cursor: DataCursor { get }
    /// Excludes the samples that fail; if nil, the first failure ends the stream.
    var quarantine: Quarantine? { get }
    /// The number of threads that load samples.
    var workers: Int { get }
}

/// Samples that failed after they were drawn.
package struct FailedSamples: Error {
    package var failures: [(id: SampleID, error: any Error)]

    package init(_ failures: [(id: SampleID, error: any Error)]) {
        self.failures = failures
    }
}

extension BatchStream {
    /// Returns the result of `body` for the next samples. If it throws `FailedSamples`, they are
    /// excluded, and the stream draws again from the same position without them.
    ///
    /// - Throws: The error of a sample that may not be excluded; other errors of `body`.
    package mutating func redrawing<Value>(_ body: (inout Self) throws -> Value) throws -> Value {
        while true {
            let before = self
            do {
                return try body(&self)
            } catch let failed as FailedSamples {
                let drawnCount = cursor.drawnCount
                self = before
                for (id, error) in failed.failures {
                    guard let quarantine else { throw error }
                    try quarantine.take(id, error, drawnCount: drawnCount)
                }
            }
        }
    }

    /// Loads the samples of `ids`, in order; nil for those that are excluded.
    func loaded<Value: Sendable>(
        _ ids: [SampleID], drawnCount: Int, _ load: @Sendable (SampleID) throws -> Value?
    ) throws -> [Value?] {
        let quarantine = quarantine
        let results = parallelMap(ids.count, threads: workers) { index in
            Result {
                guard quarantine?.admits(ids[index]) ?? true else { return Value?.none }
                return try load(ids[index])
            }
        }
        return try zip(ids, results).map { id, result in
            switch result {
            case .success(let value): return value
            case .failure(let error):
                guard let quarantine else { throw error }
                try quarantine.take(id, error, drawnCount: drawnCount)
                return nil
            }
        }
    }
}
