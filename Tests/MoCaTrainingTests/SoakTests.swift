import Foundation
import MoCaTestSupport
import Testing
import Torch

@testable import MoCaTraining

/// Two thousand steps with checkpoints, in flat memory. Takes minutes, so it runs when asked for:
///
///     MOCA_LONG_TESTS=1 swift test ... --filter SoakTests
@Suite(
    .serialized, .enabled(if: TrainingFixtures.isLong))
struct SoakTests {
    @Test(arguments: Recipe.Stage.allCases)
    func memoryStaysFlat(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                stage, output: folder, steps: 2000,
                ["checkpoint={every_steps: 50, keep: 2}", "logging.every_steps=100"])
            var readings: [(step: Int, tensors: Int, resident: Int)] = []
            try TrainingRun(
                recipe, say: { _ in },
                onLog: { report in
                    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
                    let pages = Int(text.split(separator: " ")[1]) ?? 0
                    readings.append(
                        (report.step, LibTorch.liveTensorCount, pages * Int(getpagesize())))
                }
            ).run()
            for reading in readings {
                print(
                    "step \(reading.step): \(reading.tensors) tensors, "
                        + "\(reading.resident >> 20) MiB")
            }
            let (early, late) = (readings[3], readings[readings.count - 1])
            #expect(late.step == 2000)
            // The prefetcher holds up to three steps, and a checkpoint may be in flight.
            #expect(abs(late.tensors - early.tensors) <= 400)
            #expect(late.resident - early.resident < 48 << 20)
        }
    }
}
