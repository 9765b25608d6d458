// `schedule.epochs` in steps, before anything else looks at them.

import Foundation
import MoCaCore
import MoCaData

extension Recipe {
    /// The recipe with `schedule.total_steps` in place of `schedule.epochs`: so many steps that the
    /// rows which they draw are at least `epochs` times those of an epoch, over all subsets. Where
    /// weights or a temperature mix the subsets, that counts rows drawn: small subsets come more often,
    /// large ones less.
    ///
    /// - Throws: `DataError`; `TrainingError.badRecipe` where that is more steps than a run may have,
    ///   or the warm-up is longer than the run.
    package func resolvingEpochs() throws -> Recipe {
        guard let epochs = schedule.epochs else { return self }
        let catalog = try Catalog<ContrastiveSample>(
            folders: data.subsetFolders(), images: ImageStore(root: data.images))
        let rows = catalog.shapes.reduce(0) { $0 + data.mixture.epochRows(of: $1) }
        let count = (epochs * Double(rows) / Double(batch.stepAmount)).rounded(.up)
        guard count <= Double(recipeSizeMax) else {
            throw unresolvable(
                "schedule.epochs",
                "is \(epochs), must not be above what \(recipeSizeMax) steps take of \(rows) rows")
        }
        var recipe = self
        recipe.schedule.epochs = nil
        recipe.schedule.totalSteps = max(1, Int(count))
        if let steps = schedule.warmupSteps, steps > recipe.schedule.totalSteps {
            throw unresolvable(
                "schedule.warmup_steps",
                "is \(steps), must not be above the \(recipe.schedule.totalSteps) steps of "
                    + "schedule.epochs")
        }
        return recipe
    }

    private func unresolvable(_ key: String, _ reason: String) -> TrainingError {
        .badRecipe(
            file: outputFolder.appending(path: Recipe.fileName).path,
            problems: [SettingsProblem(key, reason)])
    }
}
