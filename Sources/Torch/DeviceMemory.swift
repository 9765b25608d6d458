// How much memory an accelerator has, and what this process took of it.

import CTorch

/// The memory of a device beside the processor.
package struct DeviceMemory: Sendable, Hashable {
    /// Bytes that can be taken now, other programs' share left out.
    package var freeBytes: Int
    /// Bytes that libtorch holds for this process, what it keeps for reuse included.
    package var heldBytes: Int
    /// The most that it held at once.
    package var peakBytes: Int

    /// nil for a processor, and where the device does not say.
    package init?(of device: Device) {
        guard device.kind != .cpu else { return nil }
        var (free, total, held, peak) = (Int64(0), Int64(0), Int64(0), Int64(0))
        let status = ctorch_device_memory(device.code, &free, &total, &held, &peak)
        guard status == CTORCH_OK, total > 0 else { return nil }
        (freeBytes, heldBytes, peakBytes) = (Int(free), Int(held), Int(peak))
    }
}
