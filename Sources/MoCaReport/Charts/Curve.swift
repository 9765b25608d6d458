// The values of one quantity over the steps of a run.

/// One quantity over the steps of a run.
package struct Curve: Sendable, Hashable {
    /// A value at a step.
    package struct Point: Sendable, Hashable {
        /// The step.
        package var step: Int
        /// The value; NaN if the quantity was not finite.
        package var value: Double

        /// Creates a point.
        package init(step: Int, value: Double) {
            self.step = step
            self.value = value
        }
    }

    /// The name in the legend.
    package var name: String
    /// The points in the order of their steps.
    package var points: [Point]

    /// Creates a curve.
    package init(_ name: String, points: [Point]) {
        self.name = name
        self.points = points
    }
}
