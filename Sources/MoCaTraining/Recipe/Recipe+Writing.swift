// The resolved recipe: every key with its value, paths absolute. It reads back as the same recipe.

import Foundation
import MoCaSettings

extension Recipe {
    /// The YAML of the resolved recipe.
    package func yaml() throws -> String {
        try node.yaml()
    }

    /// What decides the numbers of a run: `yaml()` without what may differ when it is resumed.
    func decisiveText() throws -> String {
        var copy = self
        copy.outputFolder = copy.data.images
        copy.resume = .auto
        copy.checkpoint = Checkpoints()
        // Means of metrics.jsonl are over the steps between two logs; the rest only looks.
        copy.logging = Logging()
        copy.logging.everySteps = logging.everySteps
        copy.evaluation = nil
        copy.runtime.onNotFinite = .stop
        copy.runtime.notFiniteBudget = 1
        copy.runtime.prefetch = 1
        copy.runtime.dataWorkers = nil
        copy.runtime.imageCacheBytes = 0
        return try copy.yaml()
    }
}
