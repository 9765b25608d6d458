// What a replay computes, and what it computes differently from the step that was saved.

package import Foundation
package import MoCaCore
package import MoCaModel
package import MoCaObjectives
package import Torch

/// A request to compute saved batches forward and backward.
package struct ReplayRequest: Sendable {
    package typealias HardNegativeScope = MoCaObjectives.HardNegativeScope
    package typealias TokenTarget = MoCaObjectives.TokenTarget

    /// The model's folder.
    package var model: URL
    /// The stage whose loss is computed.
    package var stage: Recipe.Stage
    /// The parts of one step; a folder stands for all `batch*.safetensors` in it.
    package var batches: [URL]
    /// Where every gradient is written under its checkpoint key; nil for nowhere.
    package var gradients: URL?
    package var device: Device
    /// nil for that of the step, else of the checkpoint.
    package var dtype: DType?
    /// nil for that of the step, else libtorch's own.
    package var threads: Int?
    /// nil for the adapter beside the weights of a saved step.
    package var adapter: URL?
    package var changes = Changes()

    package init(
        model: URL, stage: Recipe.Stage, batches: [URL], device: Device, dtype: DType? = nil
    ) {
        self.model = model
        self.stage = stage
        self.batches = batches
        self.device = device
        self.dtype = dtype
    }

    /// Settings that replace those of the saved step; nil keeps them.
    package struct Changes: Sendable {
        package var temperature: Double?
        package var hardNegativeScope: HardNegativeScope?
        package var masksRepeatedPositives: Bool?
        package var maeWeight: Double?
        package var tokenTarget: TokenTarget?
        package var attention: AttentionMode?
        package var pooling: PoolingMode?
        package var isNormalized: Bool?
        package var dimensions: Int?

        package init() {}
    }
}
