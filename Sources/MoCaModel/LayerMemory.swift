// What layers keep for backward, and what they compute again.

package import NN
import Torch

/// What of a layer is computed again during backward instead of kept.
package enum ActivationCheckpointing: String, Sendable, Hashable, CaseIterable {
    /// Nothing.
    case none
    /// The feed-forward half, whose activations are the widest; attention is kept.
    case selective
    /// Every layer whole: about a third of the memory for a third more time.
    case full
}

/// How the layers of one forward pass keep what they compute.
package struct LayerMemory: Sendable {
    let checkpointing: ActivationCheckpointing
    let step: StepContext

    package init(_ checkpointing: ActivationCheckpointing = .none, _ step: StepContext) {
        (self.checkpointing, self.step) = (checkpointing, step)
    }

    /// A whole layer.
    func layer(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
        checkpointing == .full ? again(x, body) : body(x)
    }

    /// The feed-forward half of a layer.
    func feedForward(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
        checkpointing == .selective ? again(x, body) : body(x)
    }

    private func again(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
        recomputed([x], step.replaying { body($0[0]) })
    }
}
