// Reductions over axes; an empty list of axes means all of them.

import CTorch

extension Tensor {
    /// The sum over `axes`.
    public func sum(
        _ axes: [Int] = [], keepingAxes: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        call("sum", file, line) {
            ctorch_sum($0, axes.map(Int64.init), Int64(axes.count), keepingAxes ? 1 : 0, $1)
        }
    }

    /// The mean over `axes`.
    public func mean(
        _ axes: [Int] = [], keepingAxes: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        call("mean", file, line) {
            ctorch_mean($0, axes.map(Int64.init), Int64(axes.count), keepingAxes ? 1 : 0, $1)
        }
    }

    /// The largest element along `axis`.
    public func maximum(
        _ axis: Int, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("maximum", file, line) { ctorch_maximum($0, Int64(axis), keepingAxes ? 1 : 0, $1) }
    }

    /// log(sum(exp(x))) along `axis`, without overflow.
    public func logSumExp(
        _ axis: Int, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("logSumExp", file, line) { ctorch_logsumexp($0, Int64(axis), keepingAxes ? 1 : 0, $1) }
    }

    /// Whether every element is true.
    public func all(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("all", file, line) { ctorch_all($0, $1) }
    }

    /// The Euclidean norm along `axis`.
    public func norm(
        _ axis: Int, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("norm", file, line) { ctorch_norm($0, Int64(axis), keepingAxes ? 1 : 0, $1) }
    }
}
