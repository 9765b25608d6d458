// The vendor's name of a device: results record the hardware that computed them.

import Foundation

extension Device {
    /// The vendor's name of the hardware, such as `AMD EPYC 7B13`; nil if the system does not
    /// report it.
    ///
    /// If there are several different GPUs, all are named: the driver's order is not libtorch's.
    public var modelName: String? {
        switch kind {
        case .cpu: Self.processorName
        case .cuda: Self.driverNames.isEmpty ? nil : Self.driverNames.joined(separator: ", ")
        case .mps: Self.systemValue("machdep.cpu.brand_string")
        }
    }

    #if os(macOS)
        private static var processorName: String? { systemValue("machdep.cpu.brand_string") }

        private static func systemValue(_ name: String) -> String? {
            var size = 0
            guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size)
            guard sysctlbyname(name, &bytes, &size, nil, 0) == 0 else { return nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    #else
        /// The first processor's name as the kernel reports it; without a name (on some ARM
        /// machines), its numeric identifiers.
        private static var processorName: String? {
            let text = contents(of: "/proc/cpuinfo")
            if let name = value(of: "model name", in: text) { return name }
            let numbers = ["CPU implementer", "CPU part", "CPU variant"].compactMap {
                value(of: $0, in: text)
            }
            return numbers.isEmpty ? nil : "ARM \(numbers.joined(separator: " "))"
        }

        private static func systemValue(_ name: String) -> String? { nil }
    #endif

    /// The distinct models of the NVIDIA devices.
    private static var driverNames: [String] {
        let folder = "/proc/driver/nvidia/gpus"
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        let devices = FileManager.default.subpaths(atPath: folder) ?? []
        let names = devices.filter { $0.hasSuffix("/information") }.compactMap {
            value(of: "Model", in: contents(of: "\(folder)/\($0)"))
        }
        return Set(names).sorted()
    }

    /// The text of a kernel file; empty if it does not exist.
    private static func contents(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The value of the first line `NAME : VALUE`.
    private static func value(of name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            guard line[..<colon].trimmingCharacters(in: .whitespaces) == name else { continue }
            return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }
}
