// What a run over a benchmark tells while it works.

/// What a run tells while it works.
package enum EvaluationEvent: Sendable {
    /// A set begins.
    case started(set: String, number: Int, of: Int)
    /// This many inputs are to be embedded, or found among those kept; nil where they are not
    /// counted.
    case found(inputs: Int?)
    /// This many more inputs are done.
    case done(Int)
    /// A set is scored.
    case finished(set: String, SetScore)
}
