// Devices, and the linked library.

import CTorch

/// The device that holds a tensor's elements.
public struct Device: Sendable, Hashable, CustomStringConvertible {
    /// The type of a device.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The CPU, an NVIDIA GPU and an Apple GPU.
        case cpu, cuda, mps
    }

    /// The type of the device.
    public var kind: Kind
    /// The index among devices of this type.
    public var index: Int

    /// Creates the device of a type with an index, by default the first.
    public init(_ kind: Kind, index: Int = 0) {
        self.kind = kind
        self.index = index
    }

    /// The CPU.
    public static let cpu = Device(.cpu)
    /// The valid device indices.
    public static let indices = 0..<128

    /// `cpu`, `cuda:0` or `mps`.
    public var description: String {
        kind == .cuda ? "cuda:\(index)" : kind.rawValue
    }

    var code: ctorch_device {
        let type = [Kind.cpu: CTORCH_CPU, .cuda: CTORCH_CUDA, .mps: CTORCH_MPS][kind]!
        return ctorch_device(type: type, index: Int32(index))
    }

    init(code: ctorch_device) {
        switch code.type {
        case CTORCH_CUDA: self.init(.cuda, index: Int(code.index))
        case CTORCH_MPS: self.init(.mps)
        default: self.init(.cpu)
        }
    }
}

/// The linked libtorch.
public enum LibTorch {
    /// The version of libtorch, such as `2.13.0`.
    public static var version: String { String(cString: ctorch_version()) }

    /// The number of threads that operators use.
    public static var threadCount: Int { Int(ctorch_thread_count()) }

    /// The largest accepted thread count, more than any machine has cores.
    public static let threadCountMax = 4096

    /// Sets the number of threads that operators use, for the whole process.
    public static func setThreadCount(_ count: Int) {
        precondition(
            (1...threadCountMax).contains(count),
            "the number of threads must be 1 to \(threadCountMax), not \(count)")
        _ = ctorch_set_thread_count(Int32(count))
    }

    /// Whether tensors can be placed on an NVIDIA device; loads libtorch's CUDA library if present.
    public static var isCUDAAvailable: Bool { ctorch_cuda_is_available() == 1 }

    /// The number of tensors alive in this process, for finding leaks.
    public static var liveTensorCount: Int { Int(ctorch_tensor_live_count()) }
}
