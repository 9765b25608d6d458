// Samples are loaded by several threads; what comes of them depends on their order alone.

import MoCaSystem
package import MoCaTables

/// A stream of batches that leaves out what its quarantine takes.
package protocol BatchStream: Sendable {
    /// Where the stream is.
    var cursor: DataCursor { get }
    /// Takes the samples that fail; nil: the first failure ends the stream.
    var quarantine: Quarantine? { get }
    /// How many threads load samples.
    var workers: Int { get }
}

/// Samples that were drawn and failed afterwards.
package struct FailedSamples: Error {
    package var failures: [(id: SampleID, error: any Error)]

    package init(_ failures: [(id: SampleID, error: any Error)]) {
        self.failures = failures
    }
}

extension BatchStream {
    /// Gives what `body` makes of the next samples. When it throws `FailedSamples`, they go into
    /// quarantine, and the same place of the stream is drawn again without them.
    ///
    /// - Throws: a sample's own error when it may not be left out; what else `body` throws.
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

    /// The samples of `ids`, in order; nil for those that are left out.
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
