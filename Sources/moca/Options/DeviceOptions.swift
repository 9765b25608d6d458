// The device and dtype of the computation.

import ArgumentParser
import MoCaEmbedding
import Torch

/// A value of `--device`.
struct DeviceChoice: ExpressibleByArgument, Hashable {
    /// The device; nil selects the best one available.
    let device: Device?

    static let auto = DeviceChoice(device: nil)

    private init(device: Device?) {
        self.device = device
    }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        switch (argument, parts.count) {
        case ("auto", _): device = nil
        case ("cpu", _): device = .cpu
        case ("mps", _): device = Device(.mps)
        case ("cuda", _): device = Device(.cuda)
        case (_, 2) where parts[0] == "cuda":
            guard let index = Int(parts[1]), Device.indices.contains(index) else { return nil }
            device = Device(.cuda, index: index)
        default: return nil
        }
    }

    var defaultValueDescription: String { device?.description ?? "auto" }
}

/// A value of `--dtype`.
enum ComputeType: String, ExpressibleByArgument, CaseIterable {
    case auto, float32, bfloat16, float16

    /// The dtype; nil leaves the choice to the loader.
    var dtype: DType? {
        switch self {
        case .auto: nil
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}

/// The options for device, dtype and threads.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to compute: auto, cpu, cuda, cuda:N or mps.", valueName: "device"))
    var device = DeviceChoice.auto

    @Option(help: "The type of weights and states; auto takes float32 on a CPU.")
    var dtype = ComputeType.auto

    @Option(help: ArgumentHelp("Threads that operators use.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        try requirePositive(threads, "--threads", atMost: LibTorch.threadCountMax)
    }

    /// The device, checked to be available.
    ///
    /// - Throws: `CommandError.deviceUnavailable`.
    func resolvedDevice() throws -> Device {
        guard let device = device.device else {
            return LibTorch.isCUDAAvailable ? Device(.cuda) : .cpu
        }
        switch device.kind {
        case .cpu: return device
        case .cuda where LibTorch.isCUDAAvailable: return device
        #if os(macOS)
            case .mps: return device
        #endif
        default: throw CommandError.deviceUnavailable(device.description)
        }
    }

    /// Sets the number of threads, for commands that do not use an embedder.
    func applyThreads() {
        if let threads { LibTorch.setThreadCount(threads) }
    }
}

/// Throws if the value is below 1 or above `most`.
func requirePositive(_ value: Int?, _ option: String, atMost most: Int = 1 << 40) throws {
    guard let value else { return }
    guard value >= 1 else {
        throw ValidationError("\(option) must be at least 1, not \(value).")
    }
    guard value <= most else {
        throw ValidationError("\(option) must be at most \(most), not \(value).")
    }
}
