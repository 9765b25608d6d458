// Operators that select and replace elements.

import CTorch

extension Tensor {
    /// The rows along `axis` selected by `indices` (int64 `[n]`), in that order.
    public func indexed(
        _ axis: Int, by indices: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("indexed", indices, file, line) { ctorch_index_select($0, Int64(axis), $1, $2) }
    }

    /// A copy in which the rows at `indices` are replaced with those of `source`.
    public func replacingRows(
        _ axis: Int = 0, at indices: Tensor, with source: Tensor,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("replacingRows", indices, source, file, line) {
            ctorch_index_copy($0, Int64(axis), $1, $2, $3)
        }
    }

    /// A copy in which the rows of `source` are added to the rows at `indices`.
    public func addingRows(
        _ axis: Int = 0, at indices: Tensor, of source: Tensor,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("addingRows", indices, source, file, line) {
            ctorch_index_add($0, Int64(axis), $1, $2, $3)
        }
    }

    /// The elements selected along `axis` by `indices`, as PyTorch's `gather`.
    public func gathered(
        _ axis: Int, _ indices: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("gathered", indices, file, line) { ctorch_gather($0, Int64(axis), $1, $2) }
    }

    /// A copy in which elements are `value` where `mask` is true.
    public func masked(
        where mask: Tensor, with value: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("masked", mask, file, line) { ctorch_masked_fill($0, $1, value, $2) }
    }
}
