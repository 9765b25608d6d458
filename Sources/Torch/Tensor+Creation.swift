// New tensors, and copies of tensors.

import CTorch

extension Tensor {
    /// Passes `body` a float32 tensor that shares the memory of `values` `[shape]` and returns its
    /// result; `body` must neither keep the tensor nor write to it.
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

    /// Independent samples of the normal distribution; `deviation` is the standard deviation. Equal
    /// states of `random` give equal samples.
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

    /// Independent samples that are 1 with `probability`, else 0. Equal states of `random` give
    /// equal samples on every device.
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

    /// The tensor converted to `dtype`; returns itself if it has that type.
    public func to(_ dtype: DType, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let device = device
        return call("to", file, line) { ctorch_to($0, dtype.code, device.code, $1) }
    }

    /// The tensor on `device`; returns itself if it is there.
    public func to(_ device: Device, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let dtype = dtype
        return call("to", file, line) { ctorch_to($0, dtype.code, device.code, $1) }
    }

    /// A copy with its own memory.
    public func clone(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("clone", file, line) { ctorch_clone($0, $1) }
    }

    /// The tensor in row-major memory; returns itself if it is contiguous.
    public func contiguous(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("contiguous", file, line) { ctorch_contiguous($0, $1) }
    }

    /// Overwrites this tensor's elements in place, without recording gradients.
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
