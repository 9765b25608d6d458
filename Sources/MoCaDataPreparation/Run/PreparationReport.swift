// The report of a run.

import Foundation

/// The summary of `moca data prepare`.
package struct PreparationReport: Encodable, Sendable {
    /// A unit of work that failed.
    package struct Failure: Encodable, Sendable {
        package let name: String
        package let reason: String
    }

    package let output: String
    /// The number of units of work.
    package let total: Int
    /// The number of units that were finished before the run began.
    package internal(set) var finishedBefore = 0
    package internal(set) var finished = 0
    /// The number of files put in place as they are.
    package internal(set) var files = 0
    /// The number of entries unpacked.
    package internal(set) var entries = 0
    package internal(set) var unpackedBytes = 0
    package internal(set) var failures: [Failure] = []
}
