// Everything beside weights and moments that a run continues from, as one value.

package import MoCaData

/// How far a run has come.
package struct TrainingState: Sendable, Hashable, Codable {
    /// Updates done.
    package var step = 0
    package var sampleCount = 0
    package var tokenCount = 0
    /// Records that were left out because they failed.
    package var failureCount = 0
    /// Where the data stands; nil before the first step.
    package var cursor: DataCursor?
    /// Of the steps since the last logged one.
    package var interval = Interval()
    /// What the recipe decided, as text: a run goes on under the same recipe only.
    package var recipe: String

    package init(recipe: String) {
        self.recipe = recipe
    }

    /// Sums over the steps since the last logged one.
    package struct Interval: Sendable, Hashable, Codable {
        package var steps = 0
        package var loss = 0.0
        package var gradientNorm = 0.0
        /// The means of the loss's terms, by name.
        package var terms: [String: Double] = [:]
        /// The shares of subsets in the loss's terms, by subset and name.
        package var subsets: [String: [String: Share]] = [:]
    }

    /// A sum and how many were summed.
    package struct Share: Sendable, Hashable, Codable {
        package var sum = 0.0
        package var count = 0
        /// What the mean is multiplied by in the loss.
        package var weight = 1.0

        package var mean: Double { sum / Double(max(count, 1)) }
    }
}
