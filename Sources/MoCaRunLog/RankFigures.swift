// The figures of each process of a run in a row of metrics.jsonl.

/// What one process of a run did since the previous logged step.
package struct RankFigures: Sendable, Hashable {
    /// The seconds of computing, and of everything that has no figure of its own.
    package var computingSeconds = 0.0
    /// The seconds that steps waited for their data.
    package var dataWaitSeconds = 0.0
    /// The seconds that training waited for checkpoints.
    package var checkpointStallSeconds = 0.0
    /// The seconds of exchanges with other processes: transfers, and waiting for slower ones.
    package var exchangeSeconds = 0.0
    /// The largest resident memory of the process in bytes; nil if it is not known.
    package var peakMemoryBytes: Int?
    /// The largest memory held on the process's device in bytes; nil on a CPU.
    package var devicePeakMemoryBytes: Int?

    package init() {}

    /// The seconds since the previous logged step.
    package var seconds: Double {
        computingSeconds + dataWaitSeconds + checkpointStallSeconds + exchangeSeconds
    }

    /// The fraction of the time spent in exchanges; 0 without any time.
    package var waitShare: Double { seconds > 0 ? exchangeSeconds / seconds : 0 }

    /// The figures of two intervals, or of two processes, together: sums of seconds, and the largest
    /// memory.
    package static func + (a: RankFigures, b: RankFigures) -> RankFigures {
        var sum = a
        sum.computingSeconds += b.computingSeconds
        sum.dataWaitSeconds += b.dataWaitSeconds
        sum.checkpointStallSeconds += b.checkpointStallSeconds
        sum.exchangeSeconds += b.exchangeSeconds
        sum.peakMemoryBytes = largest(a.peakMemoryBytes, b.peakMemoryBytes)
        sum.devicePeakMemoryBytes = largest(a.devicePeakMemoryBytes, b.devicePeakMemoryBytes)
        return sum
    }

    /// The figures with the seconds divided by a number.
    package func divided(by divisor: Double) -> RankFigures {
        var quotient = self
        quotient.computingSeconds /= divisor
        quotient.dataWaitSeconds /= divisor
        quotient.checkpointStallSeconds /= divisor
        quotient.exchangeSeconds /= divisor
        return quotient
    }

    private static func largest(_ a: Int?, _ b: Int?) -> Int? {
        [a, b].compactMap { $0 }.max()
    }

    // MARK: As numbers

    /// The figures as numbers, in a fixed order; NaN for those that are not known.
    package var numbers: [Double] { RankColumn.all.map { $0.number(self)?.value ?? .nan } }

    /// Reads figures from `numbers`.
    package init(numbers: [Double]) {
        for (column, number) in zip(RankColumn.all, numbers) { column.set(&self, number) }
    }
}

extension [RankFigures] {
    /// The mean fraction of the time that the ranks spent in exchanges; 0 without ranks.
    package var meanWaitShare: Double {
        isEmpty ? 0 : reduce(0) { $0 + $1.waitShare } / Double(count)
    }

    /// The rank that waits least while the others wait for it; nil with fewer than two ranks.
    package var slowest: Int? {
        count < 2 ? nil : indices.min { self[$0].exchangeSeconds < self[$1].exchangeSeconds }
    }
}

/// A figure of each rank, by its name in `metrics.jsonl`, where it is an array in the order of
/// ranks.
struct RankColumn: Sendable {
    let name: String
    /// Returns the figure of a rank; nil if it is not known.
    let number: @Sendable (RankFigures) -> MetricsNumber?
    /// Sets the figure of a rank from a number in a line.
    let set: @Sendable (inout RankFigures, Double) -> Void

    private typealias Path<Value> = WritableKeyPath<RankFigures, Value> & Sendable

    private init(_ name: String, _ path: any Path<Double>) {
        self.name = name
        number = { .number($0[keyPath: path]) }
        set = { $0[keyPath: path] = $1 }
    }

    private init(_ name: String, _ path: any Path<Int?>) {
        self.name = name
        number = { $0[keyPath: path].map { .integer($0) } }
        set = { $0[keyPath: path] = Int(exactly: $1) }
    }

    /// The figures in the order of a line.
    static let all = [
        RankColumn("rank_computing_seconds", \.computingSeconds),
        RankColumn("rank_data_wait_seconds", \.dataWaitSeconds),
        RankColumn("rank_checkpoint_stall_seconds", \.checkpointStallSeconds),
        RankColumn("rank_exchange_seconds", \.exchangeSeconds),
        RankColumn("rank_peak_memory_bytes", \.peakMemoryBytes),
        RankColumn("rank_device_peak_memory_bytes", \.devicePeakMemoryBytes),
    ]

    static let byName = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The figures of all ranks; nil if it is not known of any.
    func numbers(_ ranks: [RankFigures]) -> [MetricsNumber?]? {
        let numbers = ranks.map(number)
        return numbers.contains { $0 != nil } ? numbers : nil
    }
}
