// The model of a run as it is now, for those who look at it between steps.

package import MoCaModel
package import MoCaProcessing

/// A model whose weights go on changing after the call that it is given to.
// Sendable is unchecked: steps change the weights in place, on the actor that the run computes on.
// Whoever computes with the model does so on the same actor, between two steps.
package struct TrainedModel: @unchecked Sendable {
    package let model: EmbeddingModel
    package let processor: Processor
    /// Prompts, attention and pooling as the run leaves them.
    package let contract: EmbeddingContract
}
