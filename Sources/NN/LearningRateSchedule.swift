// The learning rate of each step.

import Foundation

/// Warm-up, then decay.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// How the rate goes after warm-up.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Stays at the peak, or goes down to the lowest rate along a line or half a cosine.
        case constant, linear, cosine
        /// Stays at the peak, and goes down at the end only (Hu et al. 2024, "MiniCPM").
        case warmupStableDecay = "warmup_stable_decay"
    }

    /// How the rate rises during warm-up.
    public enum WarmupShape: String, Sendable, Hashable, Codable, CaseIterable {
        /// In equal steps.
        case linear
        /// `log(step) / log(warmupSteps)`: what DeepSpeed's WarmupDecayLR does.
        case log
    }

    /// The last part of `.warmupStableDecay`.
    public struct Decay: Sendable, Hashable, Codable {
        /// How the rate goes down.
        public enum Shape: String, Sendable, Hashable, Codable, CaseIterable {
            /// Along a line or half a cosine.
            case linear, cosine
            /// By `1 - sqrt(progress)` (Haegele et al. 2024, "Scaling laws and compute-optimal
            /// training beyond fixed training durations").
            case sqrt
        }

        /// Updates that it takes.
        public var steps: Int
        /// How the rate goes down.
        public var shape: Shape

        /// A decay over `steps` updates.
        public init(steps: Int = 0, shape: Shape = .linear) {
            (self.steps, self.shape) = (steps, shape)
        }
    }

    /// The highest rate.
    public var peak: Double
    /// How the rate goes after warm-up.
    public var kind: Kind
    /// How the rate rises.
    public var warmupShape: WarmupShape
    /// Updates until the peak.
    public var warmupSteps: Int
    /// All updates, those of the warm-up too.
    public var totalSteps: Int
    /// The lowest rate after warm-up, as a share of the peak.
    public var minimumRatio: Double
    /// Of `.warmupStableDecay`.
    public var decay: Decay

    /// A schedule of these values.
    public init(
        peak: Double, kind: Kind, warmupShape: WarmupShape, warmupSteps: Int, totalSteps: Int,
        minimumRatio: Double = 0, decay: Decay = Decay()
    ) {
        (self.peak, self.kind, self.warmupShape) = (peak, kind, warmupShape)
        (self.warmupSteps, self.totalSteps) = (warmupSteps, totalSteps)
        (self.minimumRatio, self.decay) = (minimumRatio, decay)
    }

    /// The rate of update number `step`, counted from 0.
    ///
    /// Linear warm-up follows transformers' `get_linear_schedule_with_warmup` (the first update has
    /// rate 0); log warm-up follows DeepSpeed, whose update number `step` has factor
    /// `log(step + 1) / log(warmupSteps)`. The decays are those of transformers'
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

    /// From 0 at `start` to 1 at the end.
    private func progress(_ step: Int, since start: Int) -> Double {
        min(1, Double(step - start) / Double(max(1, totalSteps - start)))
    }

    private static func halfCosine(_ progress: Double) -> Double {
        0.5 * (1 + cos(Double.pi * progress))
    }
}
