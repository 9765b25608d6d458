import Foundation
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct BatchesTests {
    let shapes = [
        SubsetShape(name: "a", blockRows: [40, 13]), SubsetShape(name: "b", blockRows: [17]),
        SubsetShape(name: "c", blockRows: [5, 5, 5, 5, 5, 5]),
    ]

    private func taskBatches(
        _ tail: TailPolicy, mixture: Mixture = .proportional, cursor: DataCursor? = nil
    ) throws -> TaskBatches<SampleID> {
        try TaskBatches(
            shapes, batchSize: 8, tail: tail, mixture: mixture, seed: 5, windowBlocks: 2,
            cursor: cursor
        ) { $0 }
    }

    private func tokenBatches(cursor: DataCursor? = nil) throws -> TokenBatches<SampleID> {
        try TokenBatches(
            shapes, tokenBudget: 50, packing: .firstFit(window: 12), seed: 5, cursor: cursor
        ) { id in
            id.row % 11 == 3 ? nil : (id, 1 + id.row % 17)
        }
    }

    @Test(arguments: TailPolicy.allCases)
    func everyBatchIsOfOneSubsetWithoutRepeats(tail: TailPolicy) throws {
        var batches = try taskBatches(tail)
        var drawn: [String: Int] = [:]
        for _ in 0..<60 {
            let batch = try batches.next()
            #expect(batch.ids.count == 8)
            #expect(batch.ids.allSatisfy { $0.subset == batch.subset })
            #expect(Set(batch.ids).count == 8)
            drawn[batch.subset, default: 0] += 1
        }
        // 100 rows: 53, 17 and 30 of them; 60 batches are 4.8 epochs.
        #expect(abs((drawn["a"] ?? 0) - 32) <= 4)
        #expect(abs((drawn["b"] ?? 0) - 10) <= 4)
    }

    @Test func anEpochWithDropVisitsEveryFullBatchOnce() throws {
        var batches = try taskBatches(.drop)
        var seen: Set<SampleID> = []
        for _ in 0..<(6 + 2 + 3) { seen.formUnion(try batches.next().ids) }
        #expect(seen.count == 11 * 8)
        #expect(batches.cursor.epoch == 1)
    }

    @Test func wrappingLosesNoRow() throws {
        var batches = try taskBatches(.wrap)
        var counts: [SampleID: Int] = [:]
        while batches.cursor.epoch < 3 {
            for id in try batches.next().ids { counts[id, default: 0] += 1 }
        }
        #expect(counts.count == 100)
        #expect(counts.values.allSatisfy { (2...5).contains($0) })
    }

    @Test func weightsDecideTheDraw() throws {
        var batches = try taskBatches(.wrap, mixture: .weights(["a": 1, "b": 8, "c": 1]))
        var drawn: [String: Int] = [:]
        for _ in 0..<1000 { drawn[try batches.next().subset, default: 0] += 1 }
        #expect(abs((drawn["b"] ?? 0) - 800) < 50)
        #expect(
            dataError { _ = try taskBatches(.wrap, mixture: .weights(["a": 1, "x": 1])) }
                == .badWeights(reason: "there is no subset 'x'"))
        #expect(
            dataError { _ = try taskBatches(.wrap, mixture: .weights(["a": 1, "b": 0, "c": 1])) }
                == .badWeights(reason: "subset 'b' has 0.0"))
    }

    @Test(arguments: TailPolicy.allCases)
    func taskBatchesResumeAtAnyStep(tail: TailPolicy) throws {
        var whole = try taskBatches(tail)
        var cursors: [Data] = []
        var ids: [[SampleID]] = []
        for _ in 0..<50 {
            cursors.append(try JSONEncoder().encode(whole.cursor))
            ids.append(try whole.next().ids)
        }
        for step in [0, 1, 7, 23, 42] {
            let cursor = try JSONDecoder().decode(DataCursor.self, from: cursors[step])
            #expect(cursor.batchCount == step)
            var resumed = try taskBatches(tail, cursor: cursor)
            for later in step..<50 { #expect(try resumed.next().ids == ids[later]) }
            #expect(resumed.cursor == whole.cursor)
        }
    }

    @Test func tokenBatchesFillTheBudgetAndResume() throws {
        var whole = try tokenBatches()
        var cursors: [DataCursor] = []
        var ids: [[SampleID]] = []
        for _ in 0..<60 {
            cursors.append(whole.cursor)
            let batch = try whole.next()
            ids.append(batch.ids)
            let sum = batch.costs.reduce(0, +)
            #expect(sum <= 50 && sum > 50 - 17)
            #expect(batch.ids.allSatisfy { $0.row % 11 != 3 })
            #expect(batch.costs == batch.ids.map { 1 + $0.row % 17 })
        }
        for step in [0, 3, 19, 40] {
            var resumed = try tokenBatches(cursor: cursors[step])
            for later in step..<60 { #expect(try resumed.next().ids == ids[later]) }
        }
        // Until the epoch ends, no sample comes twice; some of the next come early by a window.
        let firstEpoch = Array(ids.joined().prefix(90 - 12))
        #expect(Set(firstEpoch).count == 90 - 12)
    }

    @Test func anErrorLeavesTheStreamWhereItWas() throws {
        struct Broken: Error {}
        final class Switch: @unchecked Sendable { var isBroken = true }
        let state = Switch()
        var batches = try TaskBatches(shapes, batchSize: 8, seed: 5, windowBlocks: 2) { id in
            if state.isBroken, id.row == 9 { throw Broken() }
            return id
        }
        var sound = try taskBatches(.wrap)
        for _ in 0..<30 {
            let before = batches.cursor
            do {
                #expect(try batches.next().ids == sound.next().ids)
            } catch is Broken {
                #expect(batches.cursor == before)
                state.isBroken = false
                var again = try taskBatches(.wrap, cursor: before)
                #expect(try batches.next().ids == again.next().ids)
                sound = again
            }
        }
        #expect(!state.isBroken)
    }

    @Test func impossibleBatchesAreRefused() throws {
        #expect(
            dataError { _ = try TaskBatches(shapes, batchSize: 18, seed: 1) { $0 } }
                == .subsetTooSmall(name: "b", rows: 17, batchSize: 18))
        for tail in TailPolicy.allCases {
            var nothing = try TaskBatches<SampleID>(shapes, batchSize: 8, tail: tail, seed: 1) {
                _ in nil
            }
            guard case .nothingUsable = dataError({ _ = try nothing.next() }) else {
                Issue.record("\(tail): a stream of nothing must end")
                continue
            }
        }
        var none = try TokenBatches<SampleID>(shapes, tokenBudget: 8, seed: 1) { _ in nil }
        guard case .nothingUsable(_, 101) = dataError({ _ = try none.next() }) else {
            Issue.record("a stream of nothing must end")
            return
        }
        var large = try TokenBatches(shapes, tokenBudget: 8, seed: 1) { ($0, 9) }
        guard case .sampleOverBudget(_, 9, 8) = dataError({ _ = try large.next() }) else {
            Issue.record("a sample over the budget must be refused")
            return
        }
    }

    @Test func aCursorOfOtherDataIsRefused() throws {
        let cursor = try taskBatches(.wrap).cursor
        func reason(_ shapes: [SubsetShape], seed: UInt64 = 5) -> String? {
            let error = dataError {
                _ = try TaskBatches(
                    shapes, batchSize: 5, seed: seed, windowBlocks: 2, cursor: cursor
                ) { $0 }
            }
            guard case .cursorMismatch(let reason) = error else { return nil }
            return reason
        }
        #expect(reason(shapes) == nil)
        #expect(reason(shapes, seed: 6) == "seed 5 is now 6")
        #expect(reason(Array(shapes.dropLast())) == "subsets [a, b, c] are now [a, b]")
        let longer = SubsetShape(name: "b", blockRows: [18])
        #expect(reason([shapes[0], longer, shapes[2]]) == "b had 17 rows and has 18")
        let split = SubsetShape(name: "b", blockRows: [16, 1])
        #expect(
            reason([shapes[0], split, shapes[2]]) == "b is split into other row groups or windows")
    }
}
