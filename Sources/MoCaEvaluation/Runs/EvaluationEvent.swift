// The progress events of a benchmark run.

/// A progress event of a benchmark run.
package enum EvaluationEvent: Sendable {
    /// The evaluation of a set started.
    case started(set: String, number: Int, of: Int)
    /// The number of inputs to embed or read from the cache; nil if unknown.
    case found(inputs: Int?)
    /// The number of inputs completed since the last event.
    case done(Int)
    /// A set was scored.
    case finished(set: String, SetScore)
}
