// The requirements of a run, computed without running it.

import Foundation
import MoCaCore
import MoCaData
import NN

/// The values reported by `--plan`.
package struct TrainingPlan: Sendable, Hashable, Codable {
    /// The rows and weight of one subset.
    package struct Subset: Sendable, Hashable, Codable {
        package var name: String
        package var rows: Int
        /// The number of rows that an epoch uses.
        package var epochRows: Int
        /// The subset's fraction of the draws; nil if draws follow the remaining rows of each.
        package var weight: Double?
    }

    /// The costs of a sample of each subset; nil in pre-training, whose steps have a budget.
    package var costs: DataCosts?

    /// The number of parameters, and the memory and disk use of the run.
    package var needs: TrainingNeeds
    /// The measured step; nil if none was measured.
    package var measurement: StepMeasurement?
    package var subsets: [Subset]
    package var steps: Int
    package var warmupSteps: Int
    /// The number of queries in the whole run (contrastive), or its token budget (pre-training).
    package var budget: Int
    /// The estimated tokens of the whole run, from a sample of each subset (contrastive).
    package var tokens: Int?
    /// The step that a run would resume at; nil for a fresh start.
    package var resumesAt: Int?

    /// Reads the model's configuration, the data's counts, and a sample of each subset.
    ///
    /// - Parameter ranks: The processes of the run.
    /// - Throws: `DataError`, `ModelError`, `TrainingError`.
    package init(_ recipe: Recipe, ranks: RankLayout = RankLayout()) throws {
        let isPretraining = recipe.stage == .pretrain
        costs = isPretraining ? nil : try DataCosts(recipe)
        needs = try TrainingNeeds(recipe, costs, ranks: ranks)
        let folders = try recipe.data.subsetFolders()
        let images = ImageStore(root: recipe.data.images)
        let found =
            isPretraining
            ? try Catalog<PretrainSample>(folders: folders, images: images).subsets
            : try Catalog<ContrastiveSample>(folders: folders, images: images).subsets
        let mixture = recipe.data.mixture
        let weights = try mixture.weights(of: found.map(\.shape))
        subsets = found.enumerated().map { index, subset in
            Subset(
                name: subset.name, rows: subset.rowCount,
                epochRows: mixture.epochRows(of: subset.shape),
                weight: weights.map { ($0[index] * 10_000).rounded() / 10_000 })
        }
        let schedule = recipe.learningRateSchedule
        (steps, warmupSteps) = (schedule.totalSteps, schedule.warmupSteps)
        budget = schedule.totalSteps * recipe.batch.stepAmount
        let shares = weights ?? subsets.map { Double($0.epochRows) }
        tokens = costs.map { Int(($0.mean(shares).tokens * Double(budget)).rounded()) }
        resumesAt =
            recipe.resume == .auto
            ? try Checkpoint.all(in: recipe.outputFolder).last?.step : nil
    }

    /// Returns messages for users.
    package func lines(_ stage: Recipe.Stage) -> [String] {
        let width = subsets.map(\.name.count).max() ?? 0
        let rows = subsets.map { subset in
            let pad = String(repeating: " ", count: width - subset.name.count)
            let weight = subset.weight.map { ", weight \($0)" } ?? ""
            let cap = subset.epochRows < subset.rows ? ", \(subset.epochRows) an epoch" : ""
            return "  \(subset.name)\(pad)  \(subset.rows) rows\(cap)\(weight)"
        }
        let unit = stage == .pretrain ? "tokens at most" : "queries"
        let found = tokens.map { ", about \($0) tokens" } ?? ""
        return needs.lines + needs.rankLines + [
            "steps: \(steps), of them \(warmupSteps) of warm-up; \(budget) \(unit)\(found) in all"
        ] + costLines + measurementLines + [
            "start: \(resumesAt.map { "resumes at step \($0)" } ?? "fresh")",
            "subsets:",
        ] + rows
    }

    private var costLines: [String] {
        guard let costs else { return [] }
        let width = costs.subsets.map(\.name.count).max() ?? 0
        let number = { (value: Double) in NumberText.decimal(value, digits: 0) }
        let rows = costs.subsets.map { subset in
            let sides = [
                ("query", subset.query), ("positive", subset.positive),
                ("negatives", subset.negatives),
            ].map { name, cost in
                "\(name) \(number(cost.tokens))"
                    + (cost.patches > 0 ? " (\(number(cost.patches)) patches)" : "")
            }
            let pad = String(repeating: " ", count: width - subset.name.count)
            let unusable =
                subset.unusableCount == 0
                ? "" : "; \(subset.unusableCount) of \(subset.sampleCount) cannot be used"
            return "  \(subset.name)\(pad)  \(sides.joined(separator: ", "))\(unusable)"
        }
        return ["tokens of a record, the mean of at most \(DataCosts.sampleCountMax) a subset:"]
            + rows
            + (costs.problem.map { ["  the first that cannot be used: \($0)"] } ?? [])
    }

    private var measurementLines: [String] {
        guard let measurement else { return [] }
        let left = Double(steps - (resumesAt ?? 0)) * measurement.secondsAStep
        return [
            "a step, measured: \(NumberText.decimal(measurement.secondsAStep, digits: 2)) s, "
                + "\(NumberText.decimal(measurement.samplesAStep, digits: 1)) samples, "
                + "\(NumberText.decimal(measurement.tokensAStep, digits: 0)) tokens, "
                + "\(TrainingNeeds.gigabytes(measurement.peakMemoryBytes)) at most, "
                + (measurement.devicePeakMemoryBytes.map {
                    "\(TrainingNeeds.gigabytes($0)) of the device, "
                } ?? "")
                + "mfu \(NumberText.decimal(measurement.mfu, digits: 2))",
            "time: \(NumberText.duration(seconds: left)) for \(steps - (resumesAt ?? 0)) steps",
        ]
    }
}
