// A tensor: its lifetime, its description, its elements as Swift values.

import CTorch

/// An n-dimensional array of numbers on a device, with automatic differentiation.
///
/// Operators do not throw: a failure is a programming error and traps with the operator, the
/// operands and the line of the call (see `catchingTorchErrors`). The memory is freed with the last
/// reference.
///
/// ```swift
/// let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
/// let y = x.matmul(x.transposed(0, 1)).sum()
/// ```
///
/// ## Threads
///
/// A tensor may be handed to another thread, and any number of threads may read one at once:
/// libtorch counts references atomically, and operators only read their operands. In-place changes
/// (`assign` and similar, `setGradient`, `backward`, a step of an optimiser) are not guarded: while
/// one runs, no other thread may use that tensor or one that shares its memory. Models keep this
/// rule by changing their weights only in work of their `ModelActor`, where each job runs alone.
// Sendable is unchecked, because the compiler cannot see the rule above: the handle itself is
// immutable, the elements behind it are not.
public struct Tensor: @unchecked Sendable {
    let storage: Storage

    /// Owns one handle; nil is the inert result of a failed operator.
    final class Storage {
        let handle: ctorch_tensor?

        init(_ handle: ctorch_tensor?) {
            self.handle = handle
        }

        deinit {
            ctorch_tensor_free(handle)
        }
    }

    init(handle: ctorch_tensor?) {
        storage = Storage(handle)
    }

    var handle: ctorch_tensor? { storage.handle }

    // MARK: Description

    /// The length of every axis.
    public var shape: [Int] {
        var rank: Int64 = 0
        guard read("shape", ctorch_tensor_rank(handle, &rank)) else { return [] }
        var sizes = [Int64](repeating: 0, count: Int(rank))
        _ = read("shape", ctorch_tensor_sizes(handle, &sizes))
        return sizes.map(Int.init)
    }

    /// The number of axes.
    public var rank: Int { shape.count }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The type of the elements.
    public var dtype: DType {
        var code = CTORCH_FLOAT32
        _ = read("dtype", ctorch_tensor_dtype(handle, &code))
        return DType(code: code)
    }

    /// The device that holds the elements.
    public var device: Device {
        var code = ctorch_device(type: CTORCH_CPU, index: 0)
        _ = read("device", ctorch_tensor_device(handle, &code))
        return Device(code: code)
    }

    /// The lengths of the two axes; traps unless the rank is 2.
    public func sizes2(file: StaticString = #fileID, line: UInt = #line) -> (Int, Int) {
        let s = checkedSizes(2, file, line)
        return (s[0], s[1])
    }

    /// The lengths of the three axes; traps unless the rank is 3.
    public func sizes3(file: StaticString = #fileID, line: UInt = #line) -> (Int, Int, Int) {
        let s = checkedSizes(3, file, line)
        return (s[0], s[1], s[2])
    }

    private func checkedSizes(_ rank: Int, _ file: StaticString, _ line: UInt) -> [Int] {
        let shape = shape
        if handle == nil { return [Int](repeating: 0, count: rank) }
        precondition(
            shape.count == rank, "shape \(shape) has not rank \(rank)", file: file, line: line)
        return shape
    }

    // MARK: Elements

    /// A tensor of `values` in row-major order.
    public init<Element: TensorElement>(
        _ values: [Element], shape: [Int]? = nil, on device: Device = .cpu,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let shape = shape ?? [values.count]
        precondition(
            shape.reduce(1, *) == values.count, "\(values.count) values do not fill \(shape)",
            file: file, line: line)
        let tensor = values.withUnsafeBytes { bytes in
            Tensor.produce("Tensor", CallSite(file: file, line: line)) { out in
                let sizes = shape.map(Int64.init)
                return ctorch_tensor_from_bytes(
                    bytes.baseAddress, sizes, Int64(sizes.count), Element.dtype.code, out)
            }
        }
        self = device == .cpu ? tensor : tensor.to(device)
    }

    /// Creates a tensor of rank 0 with one element.
    public init(_ value: Double, dtype: DType = .float32, on device: Device = .cpu) {
        self = .full([], value, dtype: dtype, on: device)
    }

    /// The elements in row-major order, converted if `Element` differs from the tensor's type.
    public func array<Element: TensorElement>(
        _ type: Element.Type = Element.self, file: StaticString = #fileID, line: UInt = #line
    ) -> [Element] {
        let source = dtype == Element.dtype ? self : to(Element.dtype)
        let count = source.count
        guard count > 0, source.handle != nil else { return [] }
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = Int64(count * MemoryLayout<Element>.stride)
            let status = ctorch_tensor_copy_bytes(source.handle, buffer.baseAddress, bytes)
            if status != CTORCH_OK {
                handleFailure(
                    status, of: "array", on: [source], at: CallSite(file: file, line: line))
                UnsafeMutableRawBufferPointer(buffer).initializeMemory(as: UInt8.self, repeating: 0)
            }
            initialized = count
        }
    }

    /// The element of a tensor with one element.
    public func item(file: StaticString = #fileID, line: UInt = #line) -> Double {
        var value = 0.0
        let status = ctorch_tensor_item(handle, &value)
        if status != CTORCH_OK {
            handleFailure(status, of: "item", on: [self], at: CallSite(file: file, line: line))
        }
        return value
    }

    /// Calls `body` with the bytes of a contiguous CPU tensor; `body` must not keep them.
    public func withBytes<Result>(
        file: StaticString = #fileID, line: UInt = #line,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let source = to(Device.cpu).contiguous()
        var address: UnsafeMutableRawPointer?
        let status = ctorch_tensor_data(source.handle, &address)
        if status != CTORCH_OK {
            handleFailure(status, of: "withBytes", on: [self], at: CallSite(file: file, line: line))
        }
        let length = address == nil ? 0 : source.count * source.dtype.byteCount
        return try withExtendedLifetime(source) {
            try body(UnsafeRawBufferPointer(start: address, count: length))
        }
    }

    private func read(_ operation: StaticString, _ status: ctorch_status) -> Bool {
        if status == CTORCH_OK { return true }
        handleFailure(status, of: operation, on: [], at: CallSite(file: #fileID, line: #line))
        return false
    }

    /// The type and shape, for error messages.
    var summary: String {
        handle == nil ? "inert" : "\(dtype)\(shape)"
    }
}
