// The peak speed of a device, measured in the same run as the benchmarks that refer to it.

import MoCaCore

/// The speed of square matrix products.
package enum GEMMPeak {
    private static let tries = 6

    /// FLOPs per second.
    package struct Rate: Sendable, Hashable {
        /// FLOPs per second of wall-clock time.
        package var perSecond: Double
        /// FLOPs per second of processor time, which other programs on the machine disturb less.
        package var perProcessorSecond: Double

        /// The better of two measurements, field by field.
        package func best(_ other: Rate) -> Rate {
            Rate(
                perSecond: max(perSecond, other.perSecond),
                perProcessorSecond: max(perProcessorSecond, other.perProcessorSecond))
        }
    }

    /// The best rate over several products of two `[size, size]` matrices.
    package static func measure(_ dtype: DType, on device: Device, size: Int = 2048) -> Rate {
        var random = SystemRandomNumberGenerator()
        let shape = [size, size]
        let (a, b) = withoutGradient {
            (
                Tensor.normal(shape, dtype: dtype, on: device, using: &random),
                Tensor.normal(shape, dtype: dtype, on: device, using: &random)
            )
        }
        let operations = 2 * Double(size) * Double(size) * Double(size)
        var rate = Rate(perSecond: 0, perProcessorSecond: 0)
        let clock = ContinuousClock()
        for _ in 0..<tries {
            let (start, processor) = (clock.now, ProcessMemory.processorSeconds)
            // Reading one element waits for the device.
            _ = withoutGradient { a.matmul(b).narrowed(0, 0..<1).narrowed(1, 0..<1).item() }
            let seconds = (clock.now - start).seconds
            rate = rate.best(
                Rate(
                    perSecond: operations / seconds,
                    perProcessorSecond: operations / (ProcessMemory.processorSeconds - processor)))
        }
        return rate
    }
}
