// Dynamic loss scaling, which keeps small gradients from vanishing in float16.

/// The factor that losses are multiplied by: doubled after many finite steps, halved when a
/// gradient overflows (the rule and constants of PyTorch's `GradScaler`).
public struct LossScale: Sendable, Hashable, Codable {
    /// The current factor.
    public private(set) var factor: Double
    /// The number of finite steps since the factor changed.
    public private(set) var finiteSteps = 0
    /// The number of steps whose gradients overflowed, which changed no weights.
    public private(set) var skippedSteps = 0

    private static let growthInterval = 2000

    /// Creates a scale that begins at `factor`.
    public init(_ factor: Double = 65_536) {
        self.factor = factor
    }

    /// Whether another overflow cannot be due to the factor: the unscaled gradient is not finite.
    public var isExhausted: Bool { factor < 1 }

    /// Updates the factor after a step.
    public mutating func update(isFinite: Bool) {
        guard isFinite else {
            factor /= 2
            (finiteSteps, skippedSteps) = (0, skippedSteps + 1)
            return
        }
        finiteSteps += 1
        guard finiteSteps == Self.growthInterval else { return }
        if (Float(factor) * 2).isFinite { factor *= 2 }
        finiteSteps = 0
    }
}
