// Gradients: recording, backward, and segments that are recomputed during backward.

import CTorch

extension Tensor {
    /// Whether operators on this tensor are recorded.
    public var requiresGradient: Bool {
        var result: Int32 = 0
        _ = ctorch_requires_gradient(handle, &result)
        return result == 1
    }

    /// Turns recording for this leaf on or off.
    public func setRequiresGradient(
        _ isRequired: Bool, file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = ctorch_set_requires_gradient(handle, isRequired ? 1 : 0)
        if status != CTORCH_OK {
            handleFailure(
                status, of: "setRequiresGradient", on: [self],
                at: CallSite(file: file, line: line))
        }
    }

    /// A tensor that shares this one's elements and is detached from the graph.
    public func detached(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("detached", file, line) { ctorch_detach($0, $1) }
    }

    /// The gradient accumulated by `backward` for this leaf; nil before the first backward pass.
    public var gradient: Tensor? {
        var result: ctorch_tensor?
        guard ctorch_gradient(handle, &result) == CTORCH_OK, let result else { return nil }
        return Tensor(handle: result)
    }

    /// Replaces the accumulated gradient, or clears it if `gradient` is nil.
    public func setGradient(
        _ gradient: Tensor?, file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = withExtendedLifetime((storage, gradient?.storage)) {
            ctorch_set_gradient(handle, gradient?.handle)
        }
        if status != CTORCH_OK {
            handleFailure(
                status, of: "setGradient", on: [self], at: CallSite(file: file, line: line))
        }
    }

    /// Accumulates this leaf's gradient in `dtype` instead of the tensor's own type: incoming
    /// gradients are cast before they are added, and `gradient` has that type.
    public func setGradientType(
        _ dtype: DType, file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = ctorch_set_gradient_type(handle, dtype.code)
        if status != CTORCH_OK {
            handleFailure(
                status, of: "setGradientType", on: [self], at: CallSite(file: file, line: line))
        }
    }

    /// Adds the gradient of this tensor, or of its product with `gradient` if it is not a scalar,
    /// to every leaf, and frees the graph.
    public func backward(
        gradient: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = withExtendedLifetime((storage, gradient?.storage)) {
            ctorch_backward(handle, gradient?.handle)
        }
        if status != CTORCH_OK {
            handleFailure(status, of: "backward", on: [self], at: CallSite(file: file, line: line))
        }
    }
}

/// Runs `body` without recording gradients.
///
/// The mode is per thread, so `body` is synchronous.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ctorch_gradient_mode_set(0)
    defer { _ = ctorch_gradient_mode_set(before) }
    return try body()
}

/// Computes `segment(inputs)` without keeping intermediate results, and recomputes them during
/// backward (activation checkpointing, Chen et al. 2016). Gradients reach `inputs` and every
/// parameter that the segment uses, and equal those of the plain call.
public func recomputed(
    _ inputs: [Tensor], file: StaticString = #fileID, line: UInt = #line,
    _ segment: @escaping ([Tensor]) -> Tensor
) -> Tensor {
    let context = Unmanaged.passRetained(Segment(body: segment)).toOpaque()
    return Tensor.call("recomputed", inputs, file, line) { handles, count, out in
        ctorch_recomputed(
            handles, count, runSegment, context,
            { Unmanaged<Segment>.fromOpaque($0!).release() }, out)
    }
}

private final class Segment {
    let body: ([Tensor]) -> Tensor

    init(body: @escaping ([Tensor]) -> Tensor) {
        self.body = body
    }
}

/// libtorch may call this on its own thread: failures are caught and reported by status.
private func runSegment(
    context: UnsafeMutableRawPointer?, inputs: UnsafePointer<ctorch_tensor?>?, count: Int64,
    output: UnsafeMutablePointer<ctorch_tensor?>?
) -> ctorch_status {
    let segment = Unmanaged<Segment>.fromOpaque(context!).takeUnretainedValue()
    ctorch_failure_scope_begin()
    // The caller keeps its handles, so each tensor takes its own reference.
    let tensors = (0..<Int(count)).map { Tensor(alias: inputs![$0]) }
    let result = segment.body(tensors)
    let status = ctorch_failure_scope_end()
    guard status == CTORCH_OK, result.handle != nil else { return CTORCH_CALLBACK_FAILED }
    return withExtendedLifetime(result.storage) { ctorch_alias(result.handle, output) }
}

extension Tensor {
    /// Another reference to the tensor of a handle that the caller frees.
    fileprivate init(alias handle: ctorch_tensor?) {
        var copy: ctorch_tensor?
        _ = ctorch_alias(handle, &copy)
        self.init(handle: copy)
    }
}
