// The current model of a run, for evaluation between steps.

package import MoCaModel
package import MoCaProcessing

/// A model whose weights continue to change after the call that receives it.
// Sendable is unchecked: steps change the weights in place, on the actor that the run computes on.
// Other computations with the model must run on the same actor, between two steps.
package struct TrainedModel: @unchecked Sendable {
    package let model: EmbeddingModel
    package let processor: Processor
    /// The prompts, attention and pooling of the trained model.
    package let contract: EmbeddingContract
}
