// The sums that a logged step reports as means.

package import MoCaObjectives

extension TrainingState {
    /// Sums over the steps since the last logged one.
    package struct Interval: Sendable, Hashable, Codable {
        package var steps = 0
        package var loss = 0.0
        package var gradientNorm = 0.0
        /// The number of steps without a norm, due to an overflow in float16; nil for none.
        package var overflowedSteps: Int?
        /// The fraction of the steps' budget used; nil if there is no budget.
        package var packingFill: WeightedSum?
        /// The sums of the means of the loss terms, by name.
        package var terms: [String: Double] = [:]
        /// The sums and counts of the loss terms, by subset and term name.
        package var subsets: [String: [String: WeightedSum]] = [:]

        /// The mean over the steps; NaN when all steps were skipped.
        func mean(_ sum: Double) -> Double { steps == 0 ? .nan : sum / Double(steps) }

        /// The mean over the steps with a gradient norm; NaN if there are none.
        var meanGradientNorm: Double {
            let count = steps - (overflowedSteps ?? 0)
            return count == 0 ? .nan : gradientNorm / Double(count)
        }

        /// Adds a step.
        ///
        /// - Parameters:
        ///   - norm: The gradient norm; nil if it overflowed.
        ///   - fill: The fraction of the step's budget used; nil if there is no budget.
        mutating func add(_ step: LossTerms, norm: Double?, fill: Double?) {
            steps += 1
            loss += step.loss
            if let norm {
                gradientNorm += norm
            } else {
                overflowedSteps = (overflowedSteps ?? 0) + 1
            }
            if let fill {
                var total = packingFill ?? WeightedSum()
                total += WeightedSum(sum: fill, count: 1)
                packingFill = total
            }
            for term in step.terms { terms[term.name, default: 0] += term.total.mean }
            for (subset, terms) in step.subsets {
                for term in terms where term.total.count > 0 {
                    subsets[subset, default: [:]][term.name, default: WeightedSum()] += term.total
                }
            }
        }
    }
}
