// Gradients: recording, backward, and segments that are computed again during backward.

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

    /// What `backward` accumulated for this leaf; nil before.
    public var gradient: Tensor? {
        var result: ctorch_tensor?
        guard ctorch_gradient(handle, &result) == CTORCH_OK, let result else { return nil }
        return Tensor(handle: result)
    }

    /// Replaces the accumulated gradient, or drops it.
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

    /// Sums this leaf's gradients in `dtype`, in place of its own: what a backward pass brings is
    /// cast before it is added, and `gradient` has that type.
    public func setGradientType(
        _ dtype: DType, file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = ctorch_set_gradient_type(handle, dtype.code)
        if status != CTORCH_OK {
            handleFailure(
                status, of: "setGradientType", on: [self], at: CallSite(file: file, line: line))
        }
    }

    /// Adds to every leaf's gradient that of this tensor (of the product with `gradient` where it is
    /// not a scalar), and frees the graph.
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

/// Runs `body` without recording for gradients.
///
/// The mode belongs to this thread, so `body` is synchronous.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ctorch_gradient_mode_set(0)
    defer { _ = ctorch_gradient_mode_set(before) }
    return try body()
}

/// Computes `segment(inputs)` without keeping what it computes in between, and computes it again
/// during backward (activation checkpointing, Chen et al. 2016). Gradients reach `inputs` and every
/// parameter that the segment uses, equal to those of the plain call.
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

/// libtorch may call this on a thread of its own: failures are caught and reported by status.
private func runSegment(
    context: UnsafeMutableRawPointer?, inputs: UnsafePointer<ctorch_tensor?>?, count: Int64,
    output: UnsafeMutablePointer<ctorch_tensor?>?
) -> ctorch_status {
    let segment = Unmanaged<Segment>.fromOpaque(context!).takeUnretainedValue()
    ctorch_failure_scope_begin()
    // The handles stay the caller's, so each gets a reference of its own.
    let tensors = (0..<Int(count)).map { Tensor(alias: inputs![$0]) }
    let result = segment.body(tensors)
    let status = ctorch_failure_scope_end()
    guard status == CTORCH_OK, result.handle != nil else { return CTORCH_CALLBACK_FAILED }
    return withExtendedLifetime(result.storage) { ctorch_alias(result.handle, output) }
}

extension Tensor {
    /// Another reference to the tensor of a handle that somebody else frees.
    fileprivate init(alias handle: ctorch_tensor?) {
        var copy: ctorch_tensor?
        _ = ctorch_alias(handle, &copy)
        self.init(handle: copy)
    }
}
