import Foundation
import MoCaTestSupport
import Testing

@testable import NN

@Suite struct LearningRateScheduleTests {
    private func rates(
        _ kind: LearningRateSchedule.Kind, _ shape: LearningRateSchedule.WarmupShape
    ) -> [Double] {
        let schedule = LearningRateSchedule(
            peak: 1, kind: kind, warmupShape: shape, warmupSteps: 4, totalSteps: 8)
        return (0...9).map(schedule.rate)
    }

    @Test func linearIsTransformers() {
        // get_linear_schedule_with_warmup(optimizer, 4, 8)
        #expect(rates(.linear, .linear) == [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0])
    }

    @Test func logWarmupIsDeepSpeeds() {
        let rates = rates(.linear, .log)
        for step in 0..<4 {
            #expect(abs(rates[step] - log(Double(step + 1)) / log(4)) < 1e-12)
        }
        #expect(rates[5...] == [0.75, 0.5, 0.25, 0, 0])
    }

    @Test func otherKinds() {
        #expect(rates(.constant, .linear)[4...].allSatisfy { $0 == 1 })
        let cosine = rates(.cosine, .linear)
        #expect(abs(cosine[6] - 0.5) < 1e-12 && abs(cosine[8]) < 1e-12)
    }

    @Test func noWarmupStartsAtThePeak() {
        let schedule = LearningRateSchedule(
            peak: 2, kind: .linear, warmupShape: .linear, warmupSteps: 0, totalSteps: 4)
        #expect((0...4).map(schedule.rate) == [2, 1.5, 1, 0.5, 0])
    }

    private struct Golden: Decodable {
        var steps: Int
        var cases: [Case]

        struct Case: Decodable {
            var kind: LearningRateSchedule.Kind
            var warmup: Int
            var minimum: Double
            var decay: Int?
            var shape: LearningRateSchedule.Decay.Shape?
            var rates: [Double]
        }
    }

    @Test func everyStepIsTransformers() throws {
        let file = Repository.fixtures.appending(path: "schedule/golden.json")
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        #expect(golden.cases.count == 12)
        for entry in golden.cases {
            let schedule = LearningRateSchedule(
                peak: 1, kind: entry.kind, warmupShape: .linear, warmupSteps: entry.warmup,
                totalSteps: golden.steps, minimumRatio: entry.minimum,
                decay: .init(steps: entry.decay ?? 0, shape: entry.shape ?? .linear))
            for (step, expected) in entry.rates.enumerated() {
                #expect(abs(schedule.rate(at: step) - expected) <= 1e-12, "\(entry) \(step)")
            }
        }
    }

    /// A control: another shape of decay, or another lowest rate, is another schedule.
    @Test func shapesDiffer() {
        let rates = LearningRateSchedule.Decay.Shape.allCases.map { shape in
            LearningRateSchedule(
                peak: 1, kind: .warmupStableDecay, warmupShape: .linear, warmupSteps: 0,
                totalSteps: 10, decay: .init(steps: 4, shape: shape)
            ).rate(at: 7)
        }
        #expect(Set(rates).count == 3)
    }
}
