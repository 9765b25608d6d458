// Resolves `model.path: ORG/NAME` into a folder before a run starts.

import Foundation
package import MoCaHub

extension Recipe {
    /// Returns the recipe with the folder of the snapshot in place of the name of a repository.
    ///
    /// - Throws: `HubError`.
    package func resolvingModel(_ hub: HubModels) throws -> Recipe {
        guard case .hub(let reference) = model else { return self }
        var recipe = self
        recipe.model = .path(try hub.snapshot(reference).folder)
        return recipe
    }
}
