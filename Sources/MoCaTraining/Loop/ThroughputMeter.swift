// Throughput between two logged steps, and where this process's time went.

import MoCaRunLog

/// Throughput since the last reading.
struct ThroughputMeter {
    /// What was measured since the last reading.
    struct Reading: Sendable, Hashable {
        var samplesPerSecond: Double
        var tokensPerSecond: Double
        var operationsPerSecond: Double
        /// The seconds of this process.
        var seconds: RankFigures
    }

    private var start = ContinuousClock.now
    private var samples: Int
    private var tokens: Int
    /// The exchange time at the start, as collectives count it.
    private var exchanged: Duration
    /// The time spent waiting for data.
    var waited = Duration.zero
    /// The time spent saving checkpoints.
    var stalled = Duration.zero
    var operations = 0.0

    /// Starts measuring.
    ///
    /// - Parameter exchangeTime: The time spent in exchanges so far.
    init(_ state: TrainingState, exchangeTime: Duration = .zero) {
        (samples, tokens, exchanged) = (state.sampleCount, state.tokenCount, exchangeTime)
    }

    /// Excludes a duration in which no training took place, and the part of it that was spent in
    /// exchanges.
    mutating func pass(_ duration: Duration, exchanging: Duration = .zero) {
        start += duration
        exchanged += exchanging
    }

    /// Returns what was measured, and starts again.
    ///
    /// - Parameter exchangeTime: The time spent in exchanges so far.
    mutating func read(_ state: TrainingState, exchangeTime: Duration = .zero) -> Reading {
        let now = ContinuousClock.now
        let total = max(1e-9, (now - start) / .seconds(1))
        var seconds = RankFigures()
        seconds.dataWaitSeconds = waited / .seconds(1)
        seconds.checkpointStallSeconds = stalled / .seconds(1)
        seconds.exchangeSeconds = (exchangeTime - exchanged) / .seconds(1)
        seconds.computingSeconds = max(0, total - seconds.seconds)
        let reading = Reading(
            samplesPerSecond: Double(state.sampleCount - samples) / total,
            tokensPerSecond: Double(state.tokenCount - tokens) / total,
            operationsPerSecond: operations / total, seconds: seconds)
        (start, samples, tokens) = (now, state.sampleCount, state.tokenCount)
        (waited, stalled, operations, exchanged) = (.zero, .zero, 0, exchangeTime)
        return reading
    }
}
