// `batch`: the size of a step, in a unit that depends on the stage.

import MoCaData
import MoCaSettings

extension Recipe.Batch {
    static func keys(_ stage: Recipe.Stage) -> [RecipeKey<Self>] {
        stage == .pretrain ? pretrainingKeys : contrastiveKeys
    }

    private static var contrastiveKeys: [RecipeKey<Self>] {
        [
            .integer("size", \.stepAmount, in: 1...recipeSizeMax, isRequired: true), accumulation,
            .check { section, batch in
                if batch.stepAmount % batch.accumulation != 0 {
                    section.add(
                        "size", "is \(batch.stepAmount), must be a multiple of accumulation")
                }
            }, .integer("mini_batch_tokens", \.miniBatchTokens, in: 1...recipeSizeMax),
            .check { section, batch in
                if batch.miniBatchTokens != nil, batch.accumulation > 1 {
                    section.add("mini_batch_tokens", "needs accumulation: 1, whose place it takes")
                }
            },
        ]
    }

    private static var pretrainingKeys: [RecipeKey<Self>] {
        [
            .integer("tokens", \.stepAmount, in: 1...recipeSizeMax, isRequired: true), accumulation,
            .check { section, batch in
                if batch.stepAmount < batch.accumulation {
                    section.add("tokens", "is \(batch.stepAmount), must not be below accumulation")
                }
            }, .integer("image_token_cost", \.imageTokenCost, in: 1...costMax),
            .integer("image_cost", \.imageCost, in: 0...costMax), packingKey,
        ]
    }

    private static var accumulation: RecipeKey<Self> {
        .integer("accumulation", \.accumulation, in: 1...recipeSizeMax)
    }

    private static var costMax: Int { 1 << 16 }

    private enum PackingName: String, CaseIterable {
        case tokens
        case costBins = "cost_bins"
    }

    private static var packingKey: RecipeKey<Self> {
        RecipeKey { section, batch in
            let name = section.choice("packing", default: PackingName.tokens)
            let window = section.integer("window", in: 1...65_536, default: Packing.defaultWindow)
            switch name {
            case .tokens: batch.packing = .firstFit(window: window)
            case .costBins:
                if section.has("window") { section.add("window", "needs batch.packing: tokens") }
                batch.packing = .costBins
            }
        } write: { batch in
            switch batch.packing {
            case .firstFit(let window):
                [("packing", .value(PackingName.tokens.rawValue)), ("window", .value(window))]
            case .costBins: [("packing", .value(PackingName.costBins.rawValue))]
            }
        }
    }
}
