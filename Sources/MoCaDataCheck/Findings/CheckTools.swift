// The tools of a check, and the steps of its progress.

/// The tools of a check.
package struct CheckTools {
    package var examiner: ImageExaminer
    package var threads: Int
    /// Called with every step of the progress.
    package var progress: (ReadingStep) -> Void

    package init(
        examiner: ImageExaminer, threads: Int,
        progress: @escaping (ReadingStep) -> Void = { _ in }
    ) {
        (self.examiner, self.threads, self.progress) = (examiner, threads, progress)
    }
}

/// A step of the progress of reading records.
package enum ReadingStep: Sendable, Hashable {
    /// A pass over this many records begins; nil if the count is unknown.
    case begins(total: Int?)
    /// This many more records are done.
    case done(Int)
}
