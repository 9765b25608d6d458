// Speed of everything before the model: reading, decoding, resampling, tokenising and packing, by
// the threads of a recipe. Arguments: a recipe, its stage, the number of steps. The peer is
// scripts/bench/pipeline.py, which writes the recipe and runs both.

import Foundation
import MoCaTraining

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 3, let stage = Recipe.Stage(rawValue: arguments[1]),
    let steps = Int(arguments[2]), steps > 0
else {
    FileHandle.standardError.write(
        Data("usage: PipelineBenchmark RECIPE.yaml pretrain|finetune STEPS\n".utf8))
    exit(64)
}
let recipe = try Recipe(reading: URL(fileURLWithPath: arguments[0]), stage: stage)

/// Steps, until there is none: their sums and the seconds that they took.
func run(_ steps: Int) throws -> (total: InputPipeline.Step, seconds: Double) {
    var total = InputPipeline.Step()
    let pipeline = try InputPipeline(recipe, steps: steps)
    let start = ContinuousClock.now
    while let step = try pipeline.next() {
        total.samples += step.samples
        total.images += step.images
        total.tokens += step.tokens
    }
    return (total, (ContinuousClock.now - start) / .seconds(1))
}

// The first step pays for the start of the libraries.
_ = try run(1)
let (total, seconds) = try run(steps)
let report: [String: Any] = [
    "samples": total.samples, "images": total.images, "tokens": total.tokens, "seconds": seconds,
    "images_per_second": Double(total.images) / seconds,
    "samples_per_second": Double(total.samples) / seconds,
]
let line = try JSONSerialization.data(withJSONObject: report, options: .sortedKeys)
print(String(decoding: line, as: UTF8.self))
