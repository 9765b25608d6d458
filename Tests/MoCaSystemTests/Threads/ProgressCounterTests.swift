import MoCaCore
import MoCaSystem
import Synchronization
import Testing

@Suite struct ProgressCounterTests {
    private func reports(_ body: (ProgressCounter) -> Void) -> [WorkProgress] {
        let reports = Mutex<[WorkProgress]>([])
        body(ProgressCounter { progress in reports.withLock { $0.append(progress) } })
        return reports.withLock { $0 }
    }

    @Test func countsAreCumulativeWithinATask() {
        let found = reports { counter in
            counter.begin("a", total: 3)
            counter.add(2)
            counter.add(-1)
            counter.begin("b", total: nil, unit: .bytes)
            counter.add(5)
        }
        #expect(
            found == [
                WorkProgress("a", total: 3), WorkProgress("a", completed: 2, total: 3),
                WorkProgress("a", completed: 1, total: 3),
                WorkProgress("b", total: nil, unit: .bytes),
                WorkProgress("b", completed: 5, total: nil, unit: .bytes),
            ])
    }

    @Test func aNoteIsReportedOnce() {
        let found = reports { counter in
            counter.begin("a", total: 1)
            counter.note("again in 1 s")
            counter.add(1)
        }
        #expect(found.map(\.note) == [nil, "again in 1 s", nil])
        #expect(found.map(\.completed) == [0, 0, 1])
    }

    /// Concurrent calls are reported one at a time, in the order of the counts.
    @Test func concurrentCallsAreInOrder() async {
        let counts = Mutex<[Int]>([])
        let counter = ProgressCounter(WorkProgress("a", total: 100)) { progress in
            counts.withLock { $0.append(progress.completed) }
        }
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { counter.add(1) } }
        }
        #expect(counts.withLock { $0 } == Array(1...100))
    }
}
