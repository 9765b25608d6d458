// The memory of an accelerator and this process's use of it.

import CTorch

/// The memory of a device other than the CPU.
package struct DeviceMemory: Sendable, Hashable {
    /// Free bytes, excluding memory used by other programs.
    package var freeBytes: Int
    /// Bytes that libtorch holds for this process, including its cache.
    package var heldBytes: Int
    /// The peak of the bytes held.
    package var peakBytes: Int

    /// Returns nil for the CPU, and if the device does not report its memory.
    package init?(of device: Device) {
        guard device.kind != .cpu else { return nil }
        var (free, total, held, peak) = (Int64(0), Int64(0), Int64(0), Int64(0))
        let status = ctorch_device_memory(device.code, &free, &total, &held, &peak)
        guard status == CTORCH_OK, total > 0 else { return nil }
        (freeBytes, heldBytes, peakBytes) = (Int(free), Int(held), Int(peak))
    }
}
