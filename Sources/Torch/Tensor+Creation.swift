// New tensors, and copies of tensors.

import CTorch

extension Tensor {
    /// What `body` makes of a float32 tensor that shares the memory of `values` `[shape]`; it must not
    /// keep the tensor, nor write to it.
    package static func withBorrowed<Result>(
        _ values: UnsafeBufferPointer<Float>, shape: [Int],
        file: StaticString = #fileID, line: UInt = #line, _ body: (Tensor) throws -> Result
    ) rethrows -> Result {
        precondition(shape.reduce(1, *) == values.count, "a value an element")
        let site = CallSite(file: file, line: line)
        let tensor = produce("withBorrowed", site) {
            ctorch_tensor_wrap(
                UnsafeMutableRawPointer(mutating: values.baseAddress), shape.map(Int64.init),
                Int64(shape.count), DType.float32.code, nil, { _ in }, $0)
        }
        return try body(tensor)
    }

    /// A tensor whose every element is `value`.
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, on device: Device = .cpu,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        produce("full", CallSite(file: file, line: line)) {
            ctorch_full(
                shape.map(Int64.init), Int64(shape.count), value, dtype.code, device.code, $0)
        }
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, on device: Device = .cpu,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        full(shape, 0, dtype: dtype, on: device, file: file, line: line)
    }

    /// A tensor of ones.
    public static func ones(
        _ shape: [Int], dtype: DType = .float32, on device: Device = .cpu,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        full(shape, 1, dtype: dtype, on: device, file: file, line: line)
    }

    /// The integers of `range`.
    public static func range(
        _ range: Range<Int>, dtype: DType = .int64, on device: Device = .cpu,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        produce("range", CallSite(file: file, line: line)) {
            ctorch_arange(
                Int64(range.lowerBound), Int64(range.upperBound), dtype.code, device.code, $0)
        }
    }

    /// Independent numbers of the normal distribution; the same for the same state of `random`.
    public static func normal(
        _ shape: [Int], mean: Double = 0, deviation: Double = 1, dtype: DType = .float32,
        on device: Device = .cpu, using random: inout some RandomNumberGenerator,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let seed = random.next()
        return produce("normal", CallSite(file: file, line: line)) {
            ctorch_normal(
                shape.map(Int64.init), Int64(shape.count), mean, deviation, seed, dtype.code,
                device.code, $0)
        }
    }

    /// Independent numbers that are 1 with `probability`, else 0; the same for the same state of
    /// `random`, whatever the device.
    public static func bernoulli(
        _ shape: [Int], probability: Double, dtype: DType = .float32, on device: Device = .cpu,
        using random: inout some RandomNumberGenerator, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        let seed = random.next()
        return produce("bernoulli", CallSite(file: file, line: line)) {
            ctorch_bernoulli(
                shape.map(Int64.init), Int64(shape.count), probability, seed, dtype.code,
                device.code, $0)
        }
    }

    /// The tensor with elements of `dtype`; itself when they are already.
    public func to(_ dtype: DType, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let device = device
        return call("to", file, line) { ctorch_to($0, dtype.code, device.code, $1) }
    }

    /// The tensor on `device`; itself when it is there already.
    public func to(_ device: Device, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let dtype = dtype
        return call("to", file, line) { ctorch_to($0, dtype.code, device.code, $1) }
    }

    /// A copy with memory of its own.
    public func clone(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("clone", file, line) { ctorch_clone($0, $1) }
    }

    /// The tensor in row-major memory; itself when it is already.
    public func contiguous(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("contiguous", file, line) { ctorch_contiguous($0, $1) }
    }

    /// Overwrites this tensor's elements in place, outside of any gradient.
    public func assign(_ source: Tensor, file: StaticString = #fileID, line: UInt = #line) {
        let status = withExtendedLifetime((storage, source.storage)) {
            ctorch_copy_into(handle, source.handle)
        }
        if status != CTORCH_OK {
            handleFailure(
                status, of: "assign", on: [self, source], at: CallSite(file: file, line: line))
        }
    }
}
