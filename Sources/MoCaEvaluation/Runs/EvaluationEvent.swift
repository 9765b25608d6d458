// The events of a benchmark run.

package import MoCaCore

/// An event of a benchmark run.
package enum EvaluationEvent: Sendable {
    /// The evaluation of a set started.
    case started(set: String, number: Int, of: Int)
    /// Inputs of the set were embedded or read from the cache.
    case progressed(WorkProgress)
    /// Something of the set that may be a mistake, a sentence.
    case noted(String)
    /// A set was scored.
    case finished(set: String, SetScore)
}
