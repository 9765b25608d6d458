// Resolves `schedule.epochs` into steps before a run starts.

import Foundation
import MoCaCore
import MoCaData

extension Recipe {
    /// Returns the recipe with `schedule.total_steps` in place of `schedule.epochs`: the smallest
    /// number of steps that draws at least `epochs` times the rows of an epoch over all subsets.
    /// Rows are counted as drawn: with weights or a temperature, small subsets are drawn more often
    /// than `epochs` times, large ones less often.
    ///
    /// - Throws: `DataError`; `TrainingError.badRecipe` if that exceeds the maximum number of
    ///   steps, or if the warm-up is longer than the run.
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
