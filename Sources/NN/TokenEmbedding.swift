// Tables of token vectors.

public import Torch

/// An embedding table: token ids `[T]` -> vectors `[T, width]`.
public struct TokenEmbedding: Sendable {
    /// The table `[rows, width]`.
    public let weight: Tensor

    /// Requests the table from `path`.
    public init(_ path: ParameterPath, rows: Int, width: Int) {
        weight = path.parameter("weight", [rows, width], .embedding)
    }

    /// Looks up token ids: `[T]` -> `[T, width]`.
    public func callAsFunction(_ ids: Tensor) -> Tensor {
        weight.embedding(ids)
    }
}
