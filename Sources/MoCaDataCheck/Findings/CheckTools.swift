// What a check works with, and how it says how far it is.

/// What a check works with.
package struct CheckTools {
    package var examiner: ImageExaminer
    package var threads: Int
    /// Called with every step.
    package var progress: (ReadingStep) -> Void

    package init(
        examiner: ImageExaminer, threads: Int,
        progress: @escaping (ReadingStep) -> Void = { _ in }
    ) {
        (self.examiner, self.threads, self.progress) = (examiner, threads, progress)
    }
}

/// How far records have been read.
package enum ReadingStep: Sendable, Hashable {
    /// A pass over this many records begins; nil if the count is unknown.
    case begins(total: Int?)
    /// More records are done.
    case done(Int)
}
