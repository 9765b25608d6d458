// The recipe's settings of checkpoints and of evaluation during a run.

package import Foundation
import MoCaRunLog

extension Recipe {
    package struct Checkpoints: Sendable, Hashable {
        package var everySteps = 500
        /// The number of checkpoints to keep; older ones are removed.
        package var keep = 2
        /// Checkpoints at multiples of this many steps are also kept; nil for none.
        package var keepEverySteps: Int?
        /// Whether training continues while a copy of the state is written.
        package var isAsynchronous = true
        /// The loss or score, named as in `metrics.jsonl`, that selects the best checkpoint, which
        /// is also kept.
        package var bestMetric: String?
        /// The direction of `bestMetric`; nil selects the maximum of a score, else the minimum.
        package var bestMode: BestMode?

        /// `bestMode`, or its default for `bestMetric`.
        var resolvedBestMode: BestMode {
            bestMode
                ?? (bestMetric?.hasPrefix(MetricsRow.scorePrefix) == true ? .maximum : .minimum)
        }

        func isBetter(_ value: Double, than other: Double) -> Bool {
            resolvedBestMode == .minimum ? value < other : value > other
        }
    }

    /// Whether the lowest or the highest value of a metric is the best.
    package enum BestMode: String, Sendable, Hashable, Codable, CaseIterable {
        case minimum = "min"
        case maximum = "max"
    }

    /// The evaluation of the model during a run.
    package struct Evaluation: Sendable, Hashable {
        package var everySteps = 500
        package var benchmark = Benchmark.mmeb(URL(filePath: "/"))
        /// The sets to score; all of them when empty.
        package var subsets: [String] = []
        /// The folder that image paths are relative to; nil selects the default of `moca evaluate`.
        package var images: URL?
        /// Whether only the subset of `moca evaluate --nano` is scored of each set.
        package var isNano = false
        /// The maximum number of queries of a set, selected by their ids; nil selects all, or those
        /// of nano.
        package var queryCountMax: Int?
    }

    /// A kind of benchmark and the folder of its sets.
    package enum Benchmark: Sendable, Hashable {
        case mmeb(URL)
        /// Document pages in the format of `moca evaluate vidore`.
        case vidore(URL)
        case retrieval(URL)
    }

    /// The handling of a step whose loss or gradient is not finite.
    package enum NotFinitePolicy: String, Sendable, Hashable, CaseIterable {
        /// The run ends.
        case stop
        /// The step is skipped without an update, and the run continues.
        case skip
    }
}
