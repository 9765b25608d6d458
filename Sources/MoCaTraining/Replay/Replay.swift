// Forward and backward passes of the saved micro-batches of one step, printed by `moca replay`.

package import Foundation
package import MoCaModel
package import MoCaObjectives
import NN
import Safetensors
import Torch

/// Runs saved batches on a loaded model.
package struct Replay {
    /// The results of a replay, under the keys of `moca replay --json`.
    package struct Result: Sendable, Codable, Hashable {
        package var loss: Double
        package var mlmLoss: Double?
        package var maeLoss: Double?
        /// The gradient norm over all parameters, a tied embedding counted once.
        package var gradNorm: Double

        enum CodingKeys: String, CodingKey {
            case loss
            case mlmLoss = "mlm_loss"
            case maeLoss = "mae_loss"
            case gradNorm = "grad_norm"
        }
    }

    private let parameters: [(key: String, tensor: Tensor)]
    private let context: StepContext

    /// Creates a replay of `model`, which must have been loaded with `isTrainable`.
    package init(_ model: PretrainedModel) {
        parameters = model.store.trainableParameters
        context = model.store.context
    }

    /// Runs `objective` on one batch.
    package func run<Task: Objective>(_ objective: Task, _ batch: Task.Batch) -> Result {
        run(objective, [batch])
    }

    /// Runs `objective` on the micro-batches of one step.
    package func run<Task: Objective>(_ objective: Task, _ batches: [Task.Batch]) -> Result {
        let terms = objective.step(batches, over: SingleProcess())
        let means = Dictionary(uniqueKeysWithValues: terms.terms.map { ($0.name, $0.total.mean) })
        return Result(
            loss: terms.loss, mlmLoss: means["mlm_loss"], maeLoss: means["mae_loss"],
            gradNorm: GradientClipping.totalNorm(parameters.map(\.tensor)) / context.lossScale)
    }

    /// Writes every gradient of the last run under its parameter's checkpoint key; zeros for a
    /// parameter that does not contribute to the loss.
    ///
    /// - Throws: `SafetensorsError`.
    package func writeGradients(to url: URL) throws {
        let contents = parameters.map { key, tensor in
            let scaled = (tensor.gradient ?? .zeros(tensor.shape)).to(.float32)
            let gradient = scaled * (1 / context.lossScale)
            return (
                tensor: SafetensorsDeclaration(key, .float32, tensor.shape),
                bytes: gradient.withBytes { Data($0) }
            )
        }
        try SafetensorsWriter.write(contents, to: url)
    }
}
