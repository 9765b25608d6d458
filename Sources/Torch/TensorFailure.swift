// Failures of operators: outside a scope they trap with all that is known; inside
// `catchingTorchErrors` the first failure is kept and thrown at the end of the scope.

import CTorch
import Foundation
public import MoCaCore

/// A failure of tensor code, thrown by `catchingTorchErrors`.
public enum TorchError: UserFacingError, Equatable {
    /// The host's or the device's memory is exhausted.
    case outOfMemory(String)
    /// An operator rejected its operands.
    case operatorFailed(String)

    public var kind: FailureKind {
        switch self {
        case .outOfMemory: .unavailable
        case .operatorFailed: .internalFailure
        }
    }

    public var errorDescription: String? {
        switch self {
        case .outOfMemory(let text): "out of memory (\(text))"
        case .operatorFailed(let text): "tensor operator failed (\(text))"
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .outOfMemory: "use fewer tokens at a time or smaller images (batch tokens, max pixels)"
        case .operatorFailed: "this is a defect of the program: report it with the text above"
        }
    }
}

/// Runs `body` so that failing operators do not trap: later operators return inert tensors, reads
/// of those give zeros, and the first failure is thrown here.
///
/// The scope is per thread, so `body` is synchronous.
public func catchingTorchErrors<Result>(_ body: () throws -> Result) throws -> Result {
    ctorch_failure_scope_begin()
    let result: Result
    do {
        result = try body()
    } catch {
        // An operator failed first; the error of `body` is its consequence.
        try endFailureScope()
        throw error
    }
    try endFailureScope()
    return result
}

private func endFailureScope() throws {
    let status = ctorch_failure_scope_end()
    guard status != CTORCH_OK else { return }
    let text = String(cString: ctorch_last_error())
    if status == CTORCH_PEER_LOST { throw RankError.peerLost(reason: text) }
    throw status == CTORCH_OUT_OF_MEMORY
        ? TorchError.outOfMemory(text) : TorchError.operatorFailed(text)
}

/// The source line that called an operator.
struct CallSite {
    let file: StaticString
    let line: UInt
}

/// Traps, or records the failure of the innermost scope.
func handleFailure(
    _ status: ctorch_status, of operation: StaticString, on operands: [Tensor], at site: CallSite
) {
    let inScope = ctorch_failure_scope_is_active() == 1
    if inScope && status == CTORCH_INERT { return }
    let cause = String(cString: ctorch_last_error())
    let description = operands.map(\.summary).joined(separator: ", ")
    let text = "\(operation)(\(description)) at \(site.file):\(site.line): \(cause)"
    guard inScope else { fatalError(text, file: site.file, line: site.line) }
    ctorch_failure_scope_record(status, text)
}
