// The settings of checks and counts, and the plan of an epoch, as a recipe determines them.

import Foundation
import MoCaCore
import MoCaData
package import MoCaDataCheck
import MoCaTables

extension InspectedData {
    /// The settings of a check of the data.
    ///
    /// - Throws: the errors of reading the model's files.
    package func checkSettings() throws -> DataCheckSettings {
        var settings = DataCheckSettings(folders: folders, images: images)
        settings.kind = kind
        // Measures with truncation, so that the loss is known whatever the policy.
        settings.meter = try meter(.end)
        settings.refusesLongRecords = recipe?.data.truncation == .error
        if let recipe, let prices {
            settings.budget = RecordBudget(tokens: recipe.batch.partSize, prices: prices)
        }
        return settings
    }

    /// The settings of a count of tokens; nil without a model.
    ///
    /// - Parameter cache: the cache of counts; nil counts every subset again.
    /// - Throws: the errors of reading the model's files.
    package func statisticsSettings(cache: CountCache?) throws -> DataStatisticsSettings? {
        guard let meter = try meter() else { return nil }
        var settings = DataStatisticsSettings(
            folders: folders, images: images, meter: meter, threads: threads)
        settings.kind = kind
        settings.cache = cache
        if let prices { settings.prices = prices }
        return settings
    }

    /// The batches of an epoch; nil if neither a size nor a recipe is given.
    ///
    /// - Parameters:
    ///   - tokens: the cost of a batch of pre-training; nil = the recipe's.
    ///   - size: the number of pairs in a batch; nil = the recipe's.
    /// - Throws: `DataError`, `DataCheckError`.
    package func plan(
        _ statistics: DataStatistics, tokens: Int?, size: Int?
    ) throws -> BatchPlan? {
        let isByCost = statistics.kind == .pretraining
        guard let size = (isByCost ? tokens : size) ?? recipe?.batch.partSize else { return nil }
        let rules = try recipe.map(rules) ?? BatchPlan.Rules()
        if isByCost { return try BatchPlan(statistics, tokenBudget: size, rules) }
        if recipe != nil { try BatchPlan.requireEpoch(of: size, statistics, rules) }
        return BatchPlan(statistics, size: size, rules)
    }

    private func rules(of recipe: Recipe) throws -> BatchPlan.Rules {
        var rules = BatchPlan.Rules()
        rules.mixture = recipe.data.mixture
        rules.packing = recipe.batch.packing
        rules.accumulation = recipe.batch.accumulation
        rules.seed = recipe.seed
        if recipe.batch.packing == .costBins { rules.costMax = recipe.data.maxLength }
        if case .contrastive(let settings) = recipe.objective {
            rules.isTaskHomogeneous = settings.isTaskHomogeneous
        }
        rules.leftOut = try leftOut(recipe)
        return rules
    }

    /// The records in the recipe's quarantine file.
    private func leftOut(_ recipe: Recipe) throws -> Set<SampleID> {
        guard let file = recipe.data.quarantine else { return [] }
        let records = try QuarantinedRecord.read(file)
        let images = ImageStore(root: images)
        let renamed =
            recipe.stage == .pretrain
            ? try Catalog<PretrainSample>(folders: folders, images: images)
                .renamed(records, leftOut: nil)
            : try Catalog<ContrastiveSample>(folders: folders, images: images)
                .renamed(records, leftOut: nil)
        return Set(renamed.map(\.id))
    }
}
