import Foundation
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
}
