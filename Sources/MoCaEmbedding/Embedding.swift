// One vector.

/// The vector of one input; of unit length unless the embedder does not normalise.
public struct Embedding: Sendable, Hashable {
    /// The numbers, `Embedder.vectorLength` of them.
    public let values: [Float]

    /// A vector of these numbers, as they are.
    public init(_ values: [Float]) {
        self.values = values
    }

    /// The dot product: the cosine similarity of vectors of unit length.
    public func similarity(to other: Embedding) -> Float {
        precondition(values.count == other.values.count, "vectors of different lengths")
        return zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
