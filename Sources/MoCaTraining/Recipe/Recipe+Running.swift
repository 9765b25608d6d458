// What a recipe says about saving and about scoring as a run goes.

package import Foundation
import MoCaRunLog

extension Recipe {
    package struct Checkpoints: Sendable, Hashable {
        package var everySteps = 500
        /// How many stay; the oldest goes.
        package var keep = 2
        /// Checkpoints of multiples of this stay too; nil for none.
        package var keepEverySteps: Int?
        /// Whether training goes on while a copy of the state is written.
        package var isAsynchronous = true
        /// What the best checkpoint is chosen by, which stays too: a loss or a score, named as in
        /// `metrics.jsonl`.
        package var bestMetric: String?
        /// nil: the highest score, the lowest of anything else.
        package var bestMode: BestMode?

        /// What is better.
        var resolvedBestMode: BestMode {
            bestMode
                ?? (bestMetric?.hasPrefix(MetricsRow.scorePrefix) == true ? .maximum : .minimum)
        }

        func isBetter(_ value: Double, than other: Double) -> Bool {
            resolvedBestMode == .minimum ? value < other : value > other
        }
    }

    /// Which value of a metric is the best.
    package enum BestMode: String, Sendable, Hashable, Codable, CaseIterable {
        case minimum = "min"
        case maximum = "max"
    }

    /// Scores of the model as a run goes.
    package struct Evaluation: Sendable, Hashable {
        package var everySteps = 500
        package var benchmark = Benchmark.mmeb(URL(filePath: "/"))
        /// The sets to score; all of them when empty.
        package var subsets: [String] = []
        /// Where image paths start; nil as `moca evaluate` has it.
        package var images: URL?
        /// Whether a part of each set is scored, that of `moca evaluate --nano`.
        package var isNano = false
        /// Queries of a set that are asked, chosen by their ids; nil asks all, or nano's.
        package var queryCountMax: Int?
    }

    /// A kind of benchmark, and the folder of its sets.
    package enum Benchmark: Sendable, Hashable {
        case mmeb(URL)
        /// Pages of documents, as `moca evaluate vidore` asks for them.
        case vidore(URL)
        case retrieval(URL)
    }

    /// What happens to a step whose loss or gradient is not finite.
    package enum NotFinitePolicy: String, Sendable, Hashable, CaseIterable {
        /// The run ends.
        case stop
        /// Nothing is updated, and the run goes on.
        case skip
    }
}
