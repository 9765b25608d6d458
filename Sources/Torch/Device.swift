// Where tensors live, and the library itself.

import CTorch

/// The place of a tensor's elements.
public struct Device: Sendable, Hashable, CustomStringConvertible {
    /// The kind of a device.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The processor, an NVIDIA GPU, an Apple GPU.
        case cpu, cuda, mps
    }

    /// What computes.
    public var kind: Kind
    /// Which one of several.
    public var index: Int

    /// The first device of a kind, or another of several.
    public init(_ kind: Kind, index: Int = 0) {
        self.kind = kind
        self.index = index
    }

    /// The processor.
    public static let cpu = Device(.cpu)
    /// The numbers that devices of a kind may have.
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
    /// Its version, such as `2.13.0`.
    public static var version: String { String(cString: ctorch_version()) }

    /// The threads that operators use.
    public static var threadCount: Int { Int(ctorch_thread_count()) }

    /// More threads than any machine has cores.
    public static let threadCountMax = 4096

    /// Sets the threads that operators use, for the whole process.
    public static func setThreadCount(_ count: Int) {
        precondition(
            (1...threadCountMax).contains(count),
            "the number of threads must be 1 to \(threadCountMax), not \(count)")
        _ = ctorch_set_thread_count(Int32(count))
    }

    /// Whether tensors can be put on an NVIDIA device; opens libtorch's CUDA half when it is there.
    public static var isCUDAAvailable: Bool { ctorch_cuda_is_available() == 1 }

    /// Tensors that exist now in this process: a leak shows here.
    public static var liveTensorCount: Int { Int(ctorch_tensor_live_count()) }
}
