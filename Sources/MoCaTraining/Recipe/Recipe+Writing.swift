// Writes the resolved recipe: every key with its value and absolute paths. Reading the result gives
// an equal recipe.

import NN
import Foundation
import MoCaSettings

extension Recipe {
    /// Returns the YAML of the resolved recipe.
    package func yaml() throws -> String {
        try node.yaml()
    }

    /// Returns the settings that determine a run's results: `yaml()` without those that may differ
    /// when the run is resumed.
    func decisiveText() throws -> String {
        var copy = self
        copy.outputFolder = copy.data.images
        copy.resume = .auto
        copy.checkpoint = Checkpoints()
        // `everySteps` determines the means in metrics.jsonl; the other keys only observe.
        copy.logging = Logging()
        copy.logging.everySteps = logging.everySteps
        copy.evaluation = nil
        copy.runtime.onNotFinite = .stop
        copy.runtime.notFiniteBudget = 1
        copy.runtime.prefetch = 1
        copy.runtime.dataWorkers = nil
        copy.runtime.imageCacheBytes = 0
        copy.runtime.sharding = .none
        copy.runtime.rankTimeout = Runtime().rankTimeout
        return try copy.yaml()
    }
}
