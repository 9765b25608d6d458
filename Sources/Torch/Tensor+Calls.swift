// Calls of the C library by operators, which keep operands alive and handle failures.

import CTorch

typealias Out = UnsafeMutablePointer<ctorch_tensor?>

extension Tensor {
    /// Calls an operator without operands.
    static func produce(
        _ operation: StaticString, _ site: CallSite, operands: @autoclosure () -> [Tensor] = [],
        _ body: (Out) -> ctorch_status
    ) -> Tensor {
        var result: ctorch_tensor?
        let status = body(&result)
        if status != CTORCH_OK {
            handleFailure(status, of: operation, on: operands(), at: site)
            return Tensor(handle: nil)
        }
        return Tensor(handle: result)
    }

    /// Calls an operator on this tensor.
    func call(
        _ operation: StaticString, _ file: StaticString, _ line: UInt,
        _ body: (ctorch_tensor?, Out) -> ctorch_status
    ) -> Tensor {
        withExtendedLifetime(storage) {
            Tensor.produce(operation, CallSite(file: file, line: line), operands: [self]) {
                body(handle, $0)
            }
        }
    }

    /// Calls an operator on this tensor and another.
    func call(
        _ operation: StaticString, _ other: Tensor, _ file: StaticString, _ line: UInt,
        _ body: (ctorch_tensor?, ctorch_tensor?, Out) -> ctorch_status
    ) -> Tensor {
        withExtendedLifetime((storage, other.storage)) {
            Tensor.produce(operation, CallSite(file: file, line: line), operands: [self, other]) {
                body(handle, other.handle, $0)
            }
        }
    }

    /// Calls an operator on this tensor and two others.
    func call(
        _ operation: StaticString, _ second: Tensor, _ third: Tensor, _ file: StaticString,
        _ line: UInt, _ body: (ctorch_tensor?, ctorch_tensor?, ctorch_tensor?, Out) -> ctorch_status
    ) -> Tensor {
        withExtendedLifetime((storage, second.storage, third.storage)) {
            Tensor.produce(
                operation, CallSite(file: file, line: line), operands: [self, second, third]
            ) {
                body(handle, second.handle, third.handle, $0)
            }
        }
    }

    /// Calls an operator on a list of tensors.
    static func call(
        _ operation: StaticString, _ tensors: [Tensor], _ file: StaticString, _ line: UInt,
        _ body: ([ctorch_tensor?], Int64, Out) -> ctorch_status
    ) -> Tensor {
        withExtendedLifetime(tensors) {
            Tensor.produce(operation, CallSite(file: file, line: line), operands: tensors) {
                body(tensors.map(\.handle), Int64(tensors.count), $0)
            }
        }
    }
}
