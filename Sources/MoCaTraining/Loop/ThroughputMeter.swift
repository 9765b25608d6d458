// How fast a run is, between two logged steps.

/// Throughput since the last reading.
struct ThroughputMeter {
    private var start = ContinuousClock.now
    private var samples: Int
    private var tokens: Int
    /// For data.
    var waited = Duration.zero
    /// For checkpoints.
    var stalled = Duration.zero
    var operations = 0.0

    init(_ state: TrainingState) {
        (samples, tokens) = (state.sampleCount, state.tokenCount)
    }

    /// Leaves out a time in which nothing was trained.
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
