// `schedule.epochs` in steps, before anything else looks at them.

import Foundation
import MoCaData

extension Recipe {
    /// The recipe with `schedule.total_steps` in place of `schedule.epochs`: so many steps that the
    /// rows which they draw are at least `epochs` times those of an epoch, over all subsets. Where
    /// weights or a temperature mix the subsets, that counts rows drawn: small subsets come more often,
    /// large ones less.
    ///
    /// - Throws: `DataError`; `TrainingError.badRecipe` where the warm-up is longer than the run.
    package func resolvingEpochs() throws -> Recipe {
        guard let epochs = schedule.epochs else { return self }
        let catalog = try Catalog<ContrastiveSample>(
            folders: data.subsetFolders(), images: ImageStore(root: data.images))
        let rows = catalog.shapes.reduce(0) { $0 + data.mixture.epochRows(of: $1) }
        var recipe = self
        recipe.schedule.epochs = nil
        recipe.schedule.totalSteps = max(
            1, Int((epochs * Double(rows) / Double(batch.size)).rounded(.up)))
        if let steps = schedule.warmupSteps, steps > recipe.schedule.totalSteps {
            throw TrainingError.badRecipe(
                file: outputFolder.appending(path: "recipe.yaml").path,
                problems: [
                    RecipeProblem(
                        "schedule.warmup_steps",
                        "is \(steps), must not be above the \(recipe.schedule.totalSteps) steps of "
                            + "schedule.epochs")
                ])
        }
        return recipe
    }
}
