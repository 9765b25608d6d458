// Counts what several threads have completed, and reports the progress.

package import MoCaCore
import Synchronization

/// The progress of a run, which may consist of several tasks in a row.
package final class ProgressCounter: Sendable {
    private let progress: Mutex<WorkProgress>
    private let report: @Sendable (WorkProgress) -> Void

    /// - Parameters:
    ///   - start: the first task, which is not reported before a part of it is completed; without
    ///     one, `begin` names it.
    ///   - report: receives the progress after each change, one call at a time. It must not call
    ///     the counter.
    package init(
        _ start: WorkProgress = WorkProgress("", total: 0),
        report: @escaping @Sendable (WorkProgress) -> Void
    ) {
        progress = Mutex(start)
        self.report = report
    }

    /// Begins another task.
    ///
    /// - Parameter total: the count at the end of the task; nil if it is unknown.
    package func begin(_ task: String, total: Int?, unit: WorkProgress.Unit = .items) {
        change { $0 = WorkProgress(task, total: total, unit: unit) }
    }

    /// Adds to the completed count; a negative number means that work must be repeated.
    package func add(_ count: Int) {
        change { $0.completed += count }
    }

    /// Reports a message without changing the count.
    package func note(_ text: String) {
        progress.withLock { progress in
            var noted = progress
            noted.note = text
            report(noted)
        }
    }

    private func change(_ body: (inout WorkProgress) -> Void) {
        progress.withLock { progress in
            body(&progress)
            report(progress)
        }
    }
}
