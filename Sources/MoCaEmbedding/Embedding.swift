// The embedding of one input: a vector, or a vector for each of its tokens.

/// The embedding of one input. Vectors have unit length unless the embedder does not normalise.
public struct Embedding: Sendable, Hashable {
    /// The components of all vectors, one vector after the other.
    public let values: [Float]
    /// The number of vectors: 1, or the number of tokens for late interaction.
    public let vectorCount: Int

    /// Creates an embedding from components, which are not normalised.
    public init(_ values: [Float], vectorCount: Int = 1) {
        precondition(vectorCount > 0 && values.count.isMultiple(of: vectorCount), "whole vectors")
        self.values = values
        self.vectorCount = vectorCount
    }

    /// The number of components of a vector, `Embedder.vectorLength`.
    public var vectorLength: Int { values.count / vectorCount }

    /// The vector at an index.
    public subscript(index: Int) -> ArraySlice<Float> {
        values[index * vectorLength..<(index + 1) * vectorLength]
    }

    /// The similarity of two embeddings: the dot product, which is the cosine for vectors of unit
    /// length. With several vectors, the sum over this embedding's vectors of the greatest dot
    /// product with one of `other` (ColBERT, arXiv 2004.12832): this one is the query.
    public func similarity(to other: Embedding) -> Float {
        precondition(vectorLength == other.vectorLength, "vectors of different lengths")
        return (0..<vectorCount).reduce(0) { sum, index in
            let products = (0..<other.vectorCount).map { Self.dot(self[index], other[$0]) }
            return sum + (products.max() ?? 0)
        }
    }

    private static func dot(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Float {
        zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The cosine similarity, also of vectors that are not normalised; 0 for a vector of zeros. With
    /// several vectors, the similarity itself.
    package func cosine(with other: Embedding) -> Float {
        guard vectorCount == 1, other.vectorCount == 1 else { return similarity(to: other) }
        let norms = similarity(to: self).squareRoot() * other.similarity(to: other).squareRoot()
        return norms > 0 ? similarity(to: other) / norms : 0
    }
}
