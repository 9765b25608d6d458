// The tools of a check.

package import MoCaCore
import MoCaSystem

/// The tools of a check.
package struct CheckTools {
    package var examiner: ImageExaminer
    package var threads: Int
    /// Counts the records and pages that were read.
    let progress: ProgressCounter

    /// - Parameter progress: receives the progress of reading.
    package init(
        examiner: ImageExaminer, threads: Int,
        progress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
    ) {
        self.examiner = examiner
        self.threads = threads
        self.progress = ProgressCounter(report: progress)
    }
}
