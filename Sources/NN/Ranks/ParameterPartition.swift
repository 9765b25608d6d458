// The division of a model's trainable parameters among the ranks of a run.

import Torch

/// The division of parameters into buckets, and of each bucket into equal parts, one per rank.
///
/// A bucket is a vector of the elements of consecutive parameters, exchanged in one operation.
/// Every parameter begins at a multiple of `alignment`, and so does every part: the optimiser's
/// vectorised kernel then treats each element as it does in the whole parameter, and a sharded
/// update has the bits of a replicated one.
struct ParameterPartition: Sendable, Hashable {
    /// The position of a parameter in a bucket.
    struct Entry: Sendable, Hashable {
        /// The index of the parameter.
        var parameter: Int
        /// The position of its first element.
        var offset: Int
        /// The number of its elements.
        var count: Int
    }

    /// Consecutive parameters of one type.
    struct Bucket: Sendable, Hashable {
        var dtype: DType
        var entries: [Entry] = []
        /// The number of elements, with padding.
        var count = 0
    }

    /// The elements of one parameter that one rank owns.
    struct Slice: Sendable, Hashable {
        var parameter: Int
        /// The owned elements of the flattened parameter.
        var range: Range<Int>
        var bucket: Int
        /// The position of the first of them in the rank's part of the bucket.
        var offset: Int
    }

    static let alignment = 64
    /// The number of elements after which a new bucket begins: 100 MB in float32.
    static let bucketCount = 25_000_000

    let buckets: [Bucket]
    let worldSize: Int

    /// Divides parameters of these sizes among `worldSize` ranks.
    init(
        _ parameters: [(count: Int, dtype: DType)], worldSize: Int,
        bucketCount: Int = Self.bucketCount
    ) {
        self.worldSize = worldSize
        var buckets: [Bucket] = []
        for (index, (count, dtype)) in parameters.enumerated() {
            let fits = buckets.last.map { $0.dtype == dtype && $0.count + count <= bucketCount }
            if fits != true { buckets.append(Bucket(dtype: dtype)) }
            let last = buckets.count - 1
            buckets[last].entries.append(
                Entry(parameter: index, offset: buckets[last].count, count: count))
            buckets[last].count += Self.rounded(count, upTo: Self.alignment)
        }
        self.buckets = buckets.map { bucket in
            var bucket = bucket
            bucket.count = Self.rounded(bucket.count, upTo: worldSize * Self.alignment)
            return bucket
        }
    }

    private static func rounded(_ count: Int, upTo unit: Int) -> Int {
        (count + unit - 1) / unit * unit
    }

    /// Returns what a rank owns: one slice for each parameter that has elements in its parts.
    func slices(of rank: Int) -> [Slice] {
        buckets.enumerated().flatMap { index, bucket in
            let length = bucket.count / worldSize
            let part = rank * length..<(rank + 1) * length
            return bucket.entries.compactMap { entry -> Slice? in
                let own = part.clamped(to: entry.offset..<entry.offset + entry.count)
                guard !own.isEmpty else { return nil }
                return Slice(
                    parameter: entry.parameter,
                    range: own.lowerBound - entry.offset..<own.upperBound - entry.offset,
                    bucket: index, offset: own.lowerBound - part.lowerBound)
            }
        }
    }
}
