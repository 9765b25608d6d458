// The cost of records for a model, from a sample of each subset: only sizes, no image is decoded.

import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaProcessing
import MoCaSystem
import MoCaTokenizer

/// The tokens and patches of the records of a fine-tuning recipe.
package struct DataCosts: Sendable, Hashable, Codable {
    /// Mean costs per record.
    package struct Cost: Sendable, Hashable, Codable {
        /// The number of tokens, including image tokens.
        package var tokens = 0.0
        package var patches = 0.0

        static func + (a: Cost, b: Cost) -> Cost {
            Cost(tokens: a.tokens + b.tokens, patches: a.patches + b.patches)
        }

        static func * (cost: Cost, factor: Double) -> Cost {
            Cost(tokens: cost.tokens * factor, patches: cost.patches * factor)
        }
    }

    /// The costs of one subset.
    package struct Subset: Sendable, Hashable, Codable {
        package var name: String
        package var rowCount = 0
        /// The number of records sampled; `unusableCount` of them cannot be used.
        package var sampleCount = 0
        package var unusableCount = 0
        package var query = Cost()
        package var positive = Cost()
        /// The cost of all negatives of a record that are used.
        package var negatives = Cost()
        /// The number of tokens of the longest content.
        package var longest = 0

        /// The cost of a whole record.
        package var record: Cost { query + positive + negatives }

        /// Patches per token of the side that has the most.
        var patchesAToken: Double {
            [query, positive, negatives].map { $0.patches / max(1, $0.tokens) }.max() ?? 0
        }
    }

    package var subsets: [Subset]
    /// The reason why a record cannot be used; nil if all can.
    package var problem: String?

    /// The maximum number of records sampled per subset.
    static let sampleCountMax = 64

    /// Reads a sample of each subset, chosen by the recipe's seed. Unusable records are counted.
    ///
    /// - Throws: `DataError`, and errors of reading the tokenizer, image processor and
    ///   configuration.
    package init(_ recipe: Recipe) throws {
        let preview = try SamplePreview(PreviewSettings(recipe))
        let catalog = try Catalog<ContrastiveSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        subsets = []
        for shape in catalog.shapes {
            let ids = SamplePreview.draw(Self.sampleCountMax, of: [shape], seed: recipe.seed)
            let found = parallelMap(
                ids.count, threads: recipe.runtime.dataWorkers ?? processorCount
            ) { index in
                Result { try preview.outlines(of: catalog.sample(ids[index])) }
            }
            var (subset, sum) = (Subset(name: shape.name), Subset(name: ""))
            (subset.rowCount, subset.sampleCount) = (shape.rowCount, ids.count)
            for record in found {
                switch record {
                case .failure(let error):
                    subset.unusableCount += 1
                    let text = (error as? any UserFacingError)?.oneLine
                    problem = problem ?? text ?? error.localizedDescription
                case .success(let outlines): sum.add(outlines)
                }
            }
            let factor = 1 / Double(max(1, ids.count - subset.unusableCount))
            subset.query = sum.query * factor
            subset.positive = sum.positive * factor
            subset.negatives = sum.negatives * factor
            subset.longest = sum.longest
            subsets.append(subset)
        }
    }

    /// Returns the forward passes of a step of each of `ranks` processes: one batch per subset,
    /// whole or in chunks.
    func passes(_ batch: Recipe.Batch, ranks: Int = 1) -> [MemoryEstimate.Pass] {
        subsets.map { subset in
            let all = subset.record * Double(batch.shareOfPart(ranks: ranks))
            // A chunk has at least one sequence.
            let tokens = batch.miniBatchTokens.map {
                min(all.tokens, Double(max($0, subset.longest)))
            }
            guard let tokens else { return .init(tokens: all.tokens, patches: all.patches) }
            return .init(
                tokens: tokens, patches: min(all.patches, tokens * subset.patchesAToken))
        }
    }

    /// Returns the patches of a step's batch, for the subset that has the most.
    func patchesAStep(_ batch: Recipe.Batch) -> Double {
        (subsets.map(\.record.patches).max() ?? 0) * Double(batch.stepAmount)
    }

    /// The number of patches of all records.
    var patchCount: Double {
        subsets.reduce(0) { $0 + $1.record.patches * Double($1.rowCount) }
    }

    /// Returns the mean cost of a record over all subsets, weighted by `shares`.
    func mean(_ shares: [Double]) -> Cost {
        let sum = max(shares.reduce(0, +), .leastNonzeroMagnitude)
        return zip(subsets, shares).reduce(Cost()) { $0 + $1.0.record * ($1.1 / sum) }
    }
}

extension DataCosts.Subset {
    fileprivate mutating func add(_ outlines: [(side: SeenInput.Side, outline: InputOutline)]) {
        for (side, outline) in outlines {
            let cost = DataCosts.Cost(
                tokens: Double(outline.ids.count), patches: Double(outline.patchCount))
            switch side {
            case .query, .whole: query = query + cost
            case .positive: positive = positive + cost
            case .negative: negatives = negatives + cost
            }
            longest = max(longest, outline.ids.count)
        }
    }
}

extension MemoryEstimate.Pass {
    fileprivate init(tokens: Double, patches: Double) {
        self.init(
            tokens: Int(tokens.rounded(.up)), patches: Int(patches.rounded(.up)))
    }
}
