// The learning rate of each step.

import Foundation

/// Warm-up, then decay.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// How the rate goes after warm-up.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Stays at the peak, or goes down to 0 along a line or half a cosine.
        case constant, linear, cosine
    }

    /// How the rate rises during warm-up.
    public enum WarmupShape: String, Sendable, Hashable, Codable, CaseIterable {
        /// In equal steps.
        case linear
        /// `log(step) / log(warmupSteps)`: what DeepSpeed's WarmupDecayLR does.
        case log
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

    /// A schedule of these values.
    public init(
        peak: Double, kind: Kind, warmupShape: WarmupShape, warmupSteps: Int, totalSteps: Int
    ) {
        (self.peak, self.kind, self.warmupShape) = (peak, kind, warmupShape)
        (self.warmupSteps, self.totalSteps) = (warmupSteps, totalSteps)
    }

    /// The rate of update number `step`, counted from 0.
    ///
    /// Linear warm-up follows transformers' `get_linear_schedule_with_warmup` (the first update has
    /// rate 0); log warm-up follows DeepSpeed, whose update number `step` has factor
    /// `log(step + 1) / log(warmupSteps)`.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps {
            switch warmupShape {
            case .linear: return peak * Double(step) / Double(max(1, warmupSteps))
            case .log: return peak * log(Double(step + 1)) / log(Double(max(2, warmupSteps)))
            }
        }
        let remaining = Double(max(1, totalSteps - warmupSteps))
        let progress = min(1, Double(step - warmupSteps) / remaining)
        switch kind {
        case .constant: return peak
        case .linear: return peak * (1 - progress)
        case .cosine: return peak * 0.5 * (1 + cos(Double.pi * progress))
        }
    }
}
