// Throughput between two logged steps.

/// Throughput since the last reading.
struct ThroughputMeter {
    private var start = ContinuousClock.now
    private var samples: Int
    private var tokens: Int
    /// The time spent waiting for data.
    var waited = Duration.zero
    /// The time spent saving checkpoints.
    var stalled = Duration.zero
    var operations = 0.0

    init(_ state: TrainingState) {
        (samples, tokens) = (state.sampleCount, state.tokenCount)
    }

    /// Excludes a duration in which no training took place.
    mutating func pass(_ duration: Duration) { start += duration }

    mutating func rates(
        _ state: TrainingState
    ) -> (samples: Double, tokens: Double, operations: Double) {
        let now = ContinuousClock.now
        let seconds = max(1e-9, (now - start) / .seconds(1))
        let rates = (
            Double(state.sampleCount - samples) / seconds,
            Double(state.tokenCount - tokens) / seconds, operations / seconds
        )
        (start, samples, tokens) = (now, state.sampleCount, state.tokenCount)
        (waited, stalled, operations) = (.zero, .zero, 0)
        return rates
    }
}
