// Operators that change shapes; views where possible.

import CTorch

extension Tensor {
    /// The elements in another shape; one length may be -1 and is then inferred.
    public func reshaped(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor
    {
        call("reshaped", file, line) {
            ctorch_reshape($0, shape.map(Int64.init), Int64(shape.count), $1)
        }
    }

    /// The tensor with two axes exchanged.
    public func transposed(
        _ axis0: Int, _ axis1: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("transposed", file, line) { ctorch_transpose($0, Int64(axis0), Int64(axis1), $1) }
    }

    /// The tensor with a new axis of length 1 before `axis`.
    public func unsqueezed(_ axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor
    {
        call("unsqueezed", file, line) { ctorch_unsqueeze($0, Int64(axis), $1) }
    }

    /// The tensor without `axis`, whose length must be 1.
    public func squeezed(_ axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("squeezed", file, line) { ctorch_squeeze($0, Int64(axis), $1) }
    }

    /// The tensor with axes of length 1 repeated without a copy; -1 keeps a length.
    public func expanded(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor
    {
        call("expanded", file, line) {
            ctorch_expand($0, shape.map(Int64.init), Int64(shape.count), $1)
        }
    }

    /// The slice `range` of an axis.
    public func narrowed(
        _ axis: Int, _ range: Range<Int>, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("narrowed", file, line) {
            ctorch_narrow($0, Int64(axis), Int64(range.lowerBound), Int64(range.count), $1)
        }
    }

    /// The slice at one index of an axis, which is removed.
    public func selected(
        _ axis: Int, _ index: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("selected", file, line) { ctorch_select($0, Int64(axis), Int64(index), $1) }
    }

    /// The tensors concatenated along an axis.
    public static func concatenated(
        _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("concatenated", tensors, file, line) { ctorch_concatenate($0, $1, Int64(axis), $2) }
    }

    /// Tensors of equal shape stacked along a new axis.
    public static func stacked(
        _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("stacked", tensors, file, line) { ctorch_stack($0, $1, Int64(axis), $2) }
    }
}
