// The learning rate of each step.

import Foundation

/// Warm-up, then decay.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// How the rate goes after warm-up.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case constant, linear, cosine
    }

    /// How the rate rises during warm-up.
    public enum WarmupShape: String, Sendable, Hashable, Codable, CaseIterable {
        case linear
        /// `log(step) / log(warmupSteps)`: what DeepSpeed's WarmupDecayLR does.
        case log
    }

    public var peak: Double
    public var kind: Kind
    public var warmupShape: WarmupShape
    public var warmupSteps: Int
    public var totalSteps: Int

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
