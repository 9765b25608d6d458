// An embedding vector.

/// The embedding of one input, of unit length unless the embedder does not normalise.
public struct Embedding: Sendable, Hashable {
    /// The components, `Embedder.vectorLength` of them.
    public let values: [Float]

    /// Creates an embedding from components, which are not normalised.
    public init(_ values: [Float]) {
        self.values = values
    }

    /// The dot product, which is the cosine similarity for vectors of unit length.
    public func similarity(to other: Embedding) -> Float {
        precondition(values.count == other.values.count, "vectors of different lengths")
        return zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
