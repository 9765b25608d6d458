// Dynamic loss scaling, which keeps small gradients from vanishing in float16.

/// What losses are multiplied by: doubled after many finite steps, halved when a gradient overflows
/// (the rule and the numbers of PyTorch's `GradScaler`).
public struct LossScale: Sendable, Hashable, Codable {
    /// The factor now.
    public private(set) var factor: Double
    /// Finite steps since the factor changed.
    public private(set) var finiteSteps = 0
    /// Steps whose gradients overflowed, and which changed no weight.
    public private(set) var skippedSteps = 0

    private static let growthInterval = 2000

    /// A scale that begins at `factor`.
    public init(_ factor: Double = 65_536) {
        self.factor = factor
    }

    /// Whether a further overflow means more than too large a factor: the plain gradient is not
    /// finite.
    public var isExhausted: Bool { factor < 1 }

    /// Takes a step into account.
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
