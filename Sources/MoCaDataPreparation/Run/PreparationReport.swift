// What a run did.

import Foundation

/// The summary of `moca data prepare`.
package struct PreparationReport: Encodable, Sendable {
    /// A piece of work that could not be done.
    package struct Failure: Encodable, Sendable {
        package let name: String
        package let reason: String
    }

    package let output: String
    /// Pieces of work.
    package let total: Int
    /// Of them, finished before the run began.
    package internal(set) var finishedBefore = 0
    package internal(set) var finished = 0
    /// Put in place as they are.
    package internal(set) var files = 0
    /// Unpacked.
    package internal(set) var entries = 0
    package internal(set) var unpackedBytes = 0
    package internal(set) var failures: [Failure] = []
}
