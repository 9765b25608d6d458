// The table of the figures in metrics.jsonl that every row may have.

/// A figure of a row: an integer or a floating-point number.
package enum MetricsNumber: Sendable, Hashable {
    case integer(Int)
    case number(Double)

    /// The figure as a floating-point number.
    package var value: Double {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        }
    }
}

/// A figure by its name in `metrics.jsonl`; the table serves writing, reading and drawing.
struct MetricsColumn: Sendable {
    let name: String
    /// Returns the figure of a row; nil if the row has none.
    let number: @Sendable (MetricsRow) -> MetricsNumber?
    /// Sets the figure of a row from a number in a line.
    let set: @Sendable (inout MetricsRow, Double) -> Void

    private typealias Path<Value> = WritableKeyPath<MetricsRow, Value> & Sendable

    private init(_ name: String, _ path: any Path<Double>) {
        self.name = name
        number = { .number($0[keyPath: path]) }
        set = { $0[keyPath: path] = $1 }
    }

    private init(_ name: String, _ path: any Path<Double?>) {
        self.name = name
        number = { $0[keyPath: path].map { .number($0) } }
        set = { $0[keyPath: path] = $1 }
    }

    private init(_ name: String, _ path: any Path<Int>) {
        self.name = name
        number = { .integer($0[keyPath: path]) }
        set = { row, value in Int(exactly: value).map { row[keyPath: path] = $0 } }
    }

    private init(_ name: String, _ path: any Path<Int?>) {
        self.name = name
        number = { $0[keyPath: path].map { .integer($0) } }
        set = { $0[keyPath: path] = Int(exactly: $1) }
    }

    /// The figures before the loss terms, in the order of a line.
    static let first = [MetricsColumn("epoch", \.epoch), MetricsColumn("loss", \.loss)]

    /// The figures after the loss terms, in the order of a line.
    static let others = [
        MetricsColumn("learning_rate", \.learningRate),
        MetricsColumn("grad_norm", \.gradientNorm),
        MetricsColumn("weight_norm", \.weightNorm),
        MetricsColumn("samples", \.sampleCount),
        MetricsColumn("tokens", \.tokenCount),
        MetricsColumn("quarantined", \.quarantinedCount),
        MetricsColumn("skipped_steps", \.skippedStepCount),
        MetricsColumn("truncated_contents", \.truncatedContentCount),
        MetricsColumn("dropped_tokens", \.droppedTokenCount),
        MetricsColumn("dropped_images", \.droppedImageCount),
        MetricsColumn("samples_per_second", \.samplesPerSecond),
        MetricsColumn("tokens_per_second", \.tokensPerSecond),
        MetricsColumn("mfu", \.mfu),
        MetricsColumn("data_wait_seconds", \.dataWaitSeconds),
        MetricsColumn("peak_memory_bytes", \.peakMemoryBytes),
        MetricsColumn("memory_bytes", \.memoryBytes),
        MetricsColumn("checkpoint_stall_seconds", \.checkpointStallSeconds),
        MetricsColumn("device_peak_memory_bytes", \.devicePeakMemoryBytes),
        MetricsColumn("device_memory_bytes", \.deviceMemoryBytes),
        MetricsColumn("packing_fill", \.packingFill),
        MetricsColumn("loss_scale", \.lossScale),
        MetricsColumn("overflowed_steps", \.overflowedStepCount),
        MetricsColumn("evaluation_seconds", \.evaluationSeconds),
        MetricsColumn("world_size", \.worldSize),
        MetricsColumn("rank_wait_share", \.rankWaitShare),
        MetricsColumn("slowest_rank", \.slowestRank),
    ]

    static let byName = Dictionary(
        (first + others).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
