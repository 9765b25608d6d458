/// The largest absolute difference of two lists; infinite if their lengths differ or a difference
/// is NaN.
package func largestDifference(_ x: [Float], _ y: [Float]) -> Float {
    guard x.count == y.count else { return .infinity }
    return zip(x, y).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}

/// The largest absolute difference of two lists of rows; infinite if their shapes differ or a
/// difference is NaN.
package func largestDifference(_ x: [[Float]], _ y: [[Float]]) -> Float {
    guard x.map(\.count) == y.map(\.count) else { return .infinity }
    return largestDifference(Array(x.joined()), Array(y.joined()))
}
