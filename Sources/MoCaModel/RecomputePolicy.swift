// Which activations layers keep for backward, and which they recompute.

package import NN
import Torch

/// The part of each layer that is recomputed during backward instead of kept.
package enum ActivationCheckpointing: String, Sendable, Hashable, CaseIterable {
    /// Nothing is recomputed.
    case none
    /// The feed-forward half, which has the widest activations; attention is kept.
    case selective
    /// Whole layers: about a third of the memory for a third more time.
    case full
}

/// The activation policy of the layers of one forward pass.
package struct RecomputePolicy: Sendable {
    let checkpointing: ActivationCheckpointing
    let step: StepContext

    package init(_ checkpointing: ActivationCheckpointing = .none, _ step: StepContext) {
        (self.checkpointing, self.step) = (checkpointing, step)
    }

    /// Runs a whole layer, recomputed during backward under `full`.
    func layer(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
        checkpointing == .full ? again(x, body) : body(x)
    }

    /// Runs a whole layer of several inputs, recomputed during backward under `full`.
    func layer(_ inputs: [Tensor], _ body: @escaping ([Tensor]) -> Tensor) -> Tensor {
        checkpointing == .full ? recomputed(inputs, step.replaying { body($0) }) : body(inputs)
    }

    /// Runs the feed-forward half of a layer, recomputed during backward under `selective`.
    func feedForward(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
        checkpointing == .selective ? again(x, body) : body(x)
    }

    private func again(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
        recomputed([x], step.replaying { body($0[0]) })
    }
}
