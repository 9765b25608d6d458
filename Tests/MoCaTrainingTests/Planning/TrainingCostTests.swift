import MoCaModel
import MoCaObjectives
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// What steps cost, by what is trained.
@Suite struct TrainingCostTests {
    private func costs(
        _ stage: Recipe.Stage, _ overrides: [String]
    ) throws -> (found: Double, text: Double, images: Double, heads: Double, layers: Double) {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                stage, output: folder, ["batch.accumulation=1"] + overrides)
            let start = try TrainingSetup(recipe, resuming: nil)
            let forward = start.model.configuration.forwardCost
            let layers = Double(start.model.configuration.textLayers.layerCount)
            switch recipe.objective {
            case .reconstruction(let settings):
                var source = try ReconstructionBatches(recipe, settings, start, cursor: nil)
                let step = try source.next()
                let batch = step.batches[0]
                return (
                    step.operations, forward.ofSequences(batch.input),
                    forward.ofImages(batch.input),
                    forward.ofHeads(
                        batch.input, maskedTokens: batch.maskedTokens.count,
                        maskedImageTokens: batch.maskedImageTokens.count), layers
                )
            case .contrastive(let settings):
                var source = try ContrastiveBatches(recipe, settings, start, cursor: nil)
                let step = try source.next()
                let input = step.batches[0].input
                return (
                    step.operations, forward.ofSequences(input), forward.ofImages(input), 0, layers
                )
            }
        }
    }

    private func expect(_ found: Double, _ expected: Double) {
        #expect(abs(found - expected) <= 1e-9 * expected, "\(found) of \(expected)")
    }

    @Test(arguments: Recipe.Stage.allCases)
    func aWholeModelCostsThreePasses(stage: Recipe.Stage) throws {
        let cost = try costs(stage, [])
        expect(cost.found, 3 * (cost.text + cost.images + cost.heads))
    }

    /// Nothing before the language model is trained: the tower is computed forward alone.
    @Test func frozenPartsCostLess() throws {
        let tower = try costs(.finetune, ["model.freeze=['^visual\\.']"])
        #expect(tower.images > 0)
        expect(tower.found, 3 * tower.text + tower.images)
        let half = try costs(
            .finetune, ["model.freeze=['^visual\\.', embed_tokens, 'layers\\.0\\.']"])
        // The first layer needs no backward.
        expect(half.found, (3 - 2 / half.layers) * half.text + half.images)
        let table = try costs(.finetune, ["model.freeze=['^visual\\.', 'model\\.layers']"])
        // Gradients go through the layers to the table.
        expect(table.found, 2 * table.text + table.images)
    }

    /// Base weights get no gradients; adapters cost what they are.
    @Test func adaptersCostTwoPassesAndTheirOwn() throws {
        let cost = try costs(
            .finetune, ["lora={rank: 4, alpha: 8, target_modules: [q_proj, o_proj]}"])
        let plain = 2 * cost.text + cost.images
        #expect(cost.found > plain)
        #expect(cost.found < plain + cost.text)
    }
}
