import Foundation
import MoCaCore
import MoCaModel
import MoCaObjectives
import MoCaTestSupport
import Testing
import Torch

@testable import MoCaTraining

/// Saved steps of families whose images are not grids.
@Suite struct ReplayPlansTests {
    @Test(arguments: [
        ImagePlan.grid(ImageGrid(t: 1, h: 4, w: 6)),
        .tiles(ImageTiles(rows: 2, columns: 1, side: 4, keptRows: 1..<7, keptColumns: 0..<4)),
        .crops(ImageCrops(rows: 1, columns: 3, side: 24)),
        .canvas(ImageCanvas(rows: 2, columns: 2, side: 40)),
    ])
    func aPlanReadsBack(plan: ImagePlan) {
        #expect(ImagePlan(integers: plan.integers) == plan)
    }

    @Test func otherRowsAreNoPlans() {
        for row: [Int64] in [[4, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 4, 3, 1, 0, 4], [3, 1], []] {
            #expect(ImagePlan(integers: row) == nil)
        }
        #expect(ImagePlan(integers: [3, -1, 1, 2, 0, 0, 0, 0]) == nil)
    }

    @Test func aStepWithCanvasesReadsBack() throws {
        let folder = Repository.fixtures.appending(path: "families/mme5")
        let model = try PretrainedModel(loading: folder, LoadOptions())
        let rules = model.configuration.inputRules
        let (one, four) = (
            ImagePlan.canvas(ImageCanvas(rows: 1, columns: 1, side: 2)),
            ImagePlan.canvas(ImageCanvas(rows: 2, columns: 2, side: 2))
        )
        var random = RandomSource(seed: 1, name: "pixels")
        let input = try EncoderInput(
            [
                .init(ids: [rules.imageToken, rules.imageToken, 7], plans: [four, one]),
                .init(ids: [300, 8, 9]),
            ], pixelValues: .normal([20, rules.patch.valueCount], using: &random),
            for: model.configuration)
        let batch = ContrastiveBatch(input: input, sequences: [0, 1], negativeCounts: [0])
        let temporary = try TemporaryFolder()
        let file = temporary.url.appending(path: "step.safetensors")
        try ReplayBatch.write(batch, metadata: [:], to: file)
        let again = try ReplayBatch(reading: file, for: model.configuration).contrastive()
        #expect(again.input.ids == input.ids && again.input.plans == input.plans)
        #expect(again.input.imageStarts == input.imageStarts)
        #expect(again.input.vectorsAnImage == input.vectorsAnImage)
    }
}
