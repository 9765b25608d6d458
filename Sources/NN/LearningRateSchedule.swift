// The learning rate of each step.

import Foundation

/// A learning rate schedule: warm-up, then decay.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// The shape of the schedule after warm-up.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Stays at the peak, or decays to the lowest rate linearly or along half a cosine.
        case constant, linear, cosine
        /// Stays at the peak, and decays only at the end (Hu et al. 2024, "MiniCPM").
        case warmupStableDecay = "warmup_stable_decay"
    }

    /// The shape of the warm-up.
    public enum WarmupShape: String, Sendable, Hashable, Codable, CaseIterable {
        /// A linear rise.
        case linear
        /// A rise by `log(step) / log(warmupSteps)`, as DeepSpeed's WarmupDecayLR.
        case log
    }

    /// The final decay of `.warmupStableDecay`.
    public struct Decay: Sendable, Hashable, Codable {
        /// The shape of the decay.
        public enum Shape: String, Sendable, Hashable, Codable, CaseIterable {
            /// Linear or half a cosine.
            case linear, cosine
            /// By `1 - sqrt(progress)` (Haegele et al. 2024, "Scaling laws and compute-optimal
            /// training beyond fixed training durations").
            case sqrt
        }

        /// The number of updates of the decay.
        public var steps: Int
        /// The shape of the decay.
        public var shape: Shape

        /// Creates a decay over `steps` updates.
        public init(steps: Int = 0, shape: Shape = .linear) {
            (self.steps, self.shape) = (steps, shape)
        }
    }

    /// The highest rate.
    public var peak: Double
    /// The shape of the schedule after warm-up.
    public var kind: Kind
    /// The shape of the warm-up.
    public var warmupShape: WarmupShape
    /// The number of warm-up updates.
    public var warmupSteps: Int
    /// The number of all updates, including warm-up.
    public var totalSteps: Int
    /// The lowest rate after warm-up, as a fraction of the peak.
    public var minimumRatio: Double
    /// The final decay of `.warmupStableDecay`; other kinds ignore it.
    public var decay: Decay

    /// Creates a schedule of these values.
    public init(
        peak: Double, kind: Kind, warmupShape: WarmupShape, warmupSteps: Int, totalSteps: Int,
        minimumRatio: Double = 0, decay: Decay = Decay()
    ) {
        (self.peak, self.kind, self.warmupShape) = (peak, kind, warmupShape)
        (self.warmupSteps, self.totalSteps) = (warmupSteps, totalSteps)
        (self.minimumRatio, self.decay) = (minimumRatio, decay)
    }

    /// The rate of the update with index `step`, counted from 0.
    ///
    /// Linear warm-up follows transformers' `get_linear_schedule_with_warmup` (the first update has
    /// rate 0); log warm-up follows DeepSpeed, whose update with index `step` has factor `log(step
    /// + 1) / log(warmupSteps)`. The decays are those of transformers'
    /// `get_cosine_with_min_lr_schedule_with_warmup` and `get_wsd_schedule`; warm-up begins at 0
    /// whatever the lowest rate is.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps {
            switch warmupShape {
            case .linear: return peak * Double(step) / Double(max(1, warmupSteps))
            case .log: return peak * log(Double(step + 1)) / log(Double(max(2, warmupSteps)))
            }
        }
        let factor: Double
        switch kind {
        case .constant: return peak
        case .linear: factor = 1 - progress(step, since: warmupSteps)
        case .cosine: factor = Self.halfCosine(progress(step, since: warmupSteps))
        case .warmupStableDecay:
            let start = max(warmupSteps, totalSteps - decay.steps)
            guard step >= start else { return peak }
            let progress = progress(step, since: start)
            factor =
                switch decay.shape {
                case .linear: 1 - progress
                case .cosine: Self.halfCosine(progress)
                case .sqrt: 1 - progress.squareRoot()
                }
        }
        return minimumRatio == 0
            ? peak * factor : peak * (factor * (1 - minimumRatio) + minimumRatio)
    }

    /// The progress from 0 at `start` to 1 at the last update.
    private func progress(_ step: Int, since start: Int) -> Double {
        min(1, Double(step - start) / Double(max(1, totalSteps - start)))
    }

    private static func halfCosine(_ progress: Double) -> Double {
        0.5 * (1 + cos(Double.pi * progress))
    }
}
