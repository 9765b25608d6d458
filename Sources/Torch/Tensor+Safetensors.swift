// Tensors from and to safetensors files.

import CTorch
public import Safetensors

extension Tensor {
    /// A copy of the current values in CPU memory; later changes of this tensor do not affect it.
    package var processorCopy: Tensor {
        let values = detached()
        return device.kind == .cpu ? values.clone() : values.to(.cpu)
    }

    /// The tensor `name` of a mapped file, sharing the file's memory; copied if its bytes are
    /// misaligned. Writes to it stay in this process.
    ///
    /// - Returns: nil if libtorch has no operators for its type.
    /// - Throws: `SafetensorsError.unknownTensor`.
    public init?(_ name: String, in file: SafetensorsFile) throws {
        let entry = try file.entry(name)
        guard let dtype = DType(entry.dtype) else { return nil }
        let bytes = try file.bytes(of: name)
        let sizes = entry.shape.map(Int64.init)
        let site = CallSite(file: #fileID, line: #line)
        guard let address = bytes.baseAddress, try file.isAligned(name) else {
            self = Tensor.produce("Tensor", site) {
                ctorch_tensor_from_bytes(
                    bytes.baseAddress, sizes, Int64(sizes.count), dtype.code, $0)
            }
            return
        }
        let owner = Unmanaged.passRetained(file).toOpaque()
        self = Tensor.produce("Tensor", site) {
            ctorch_tensor_wrap(
                address, sizes, Int64(sizes.count), dtype.code, owner,
                { Unmanaged<SafetensorsFile>.fromOpaque($0!).release() }, $0)
        }
    }
}
