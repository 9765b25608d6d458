// The settings of a replay, and its differences from the saved step.

package import Foundation
package import MoCaCore
import MoCaModel
package import MoCaObjectives
package import Torch

/// A request to compute saved batches forward and backward.
package struct ReplayRequest: Sendable {
    package typealias HardNegativeScope = MoCaObjectives.HardNegativeScope
    package typealias TokenTarget = MoCaObjectives.TokenTarget

    /// The model's folder.
    package var model: URL
    /// The stage whose loss is computed; nil uses that of the files.
    package var stage: Recipe.Stage?
    /// The micro-batches of one step; a folder stands for all `batch*.safetensors` in it.
    package var batches: [URL]
    /// The file for every gradient under its checkpoint key; nil to write none.
    package var gradients: URL?
    package var device: Device
    /// The weight type; nil uses the step's, or else the checkpoint's.
    package var dtype: DType?
    /// The number of threads; nil uses the step's, or else libtorch's default.
    package var threads: Int?
    /// The adapter's folder; nil uses the adapter in the saved step's folder.
    package var adapter: URL?
    package var changes = Changes()

    package init(
        model: URL, stage: Recipe.Stage? = nil, batches: [URL], device: Device, dtype: DType? = nil
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
