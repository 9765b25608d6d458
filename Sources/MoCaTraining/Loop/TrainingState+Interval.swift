// The sums that a logged step reports as means.

import MoCaObjectives

extension TrainingState {
    /// Sums over the steps since the last logged one.
    package struct Interval: Sendable, Hashable, Codable {
        package var steps = 0
        package var loss = 0.0
        package var gradientNorm = 0.0
        /// The steps without a gradient norm, which overflowed in float16; nil for none.
        package var overflowedSteps: Int?
        /// The share of the steps' budget that was used; nil where there is no budget.
        package var packingFill: Share?
        /// The means of the loss's terms, by name.
        package var terms: [String: Double] = [:]
        /// The shares of subsets in the loss's terms, by subset and name.
        package var subsets: [String: [String: Share]] = [:]

        /// The mean over the steps; NaN when all steps were skipped.
        func mean(_ sum: Double) -> Double { steps == 0 ? .nan : sum / Double(steps) }

        /// The mean over the steps that have a gradient norm; NaN when none has.
        var meanGradientNorm: Double {
            let count = steps - (overflowedSteps ?? 0)
            return count == 0 ? .nan : gradientNorm / Double(count)
        }

        /// Adds a step.
        ///
        /// - Parameters:
        ///   - norm: The gradient's norm; nil when it overflowed.
        ///   - fill: The share of the step's budget that was used; nil where there is no budget.
        mutating func add(_ step: LossTerms, norm: Double?, fill: Double?) {
            steps += 1
            loss += step.loss
            if let norm {
                gradientNorm += norm
            } else {
                overflowedSteps = (overflowedSteps ?? 0) + 1
            }
            if let fill {
                var share = packingFill ?? .init()
                share.sum += fill
                share.count += 1
                packingFill = share
            }
            for term in step.terms { terms[term.name, default: 0] += term.mean }
            for (subset, terms) in step.subsets {
                for term in terms where term.count > 0 {
                    var share = subsets[subset]?[term.name] ?? .init()
                    share.sum += term.sum
                    share.count += term.count
                    share.weight = term.weight
                    subsets[subset, default: [:]][term.name] = share
                }
            }
        }
    }

    /// A sum and the number of its summands.
    package struct Share: Sendable, Hashable, Codable {
        package var sum = 0.0
        package var count = 0
        /// The factor of the mean in the loss.
        package var weight = 1.0

        package var mean: Double { sum / Double(max(count, 1)) }
    }
}
