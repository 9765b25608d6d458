// The header's description of one tensor.

/// The name, type, shape and byte range of one tensor in a file.
public struct SafetensorsEntry: Sendable, Hashable {
    /// The tensor's name, such as `model.layers.0.mlp.up_proj.weight`.
    public let name: String
    /// The type of the elements.
    public let dtype: SafetensorsDType
    /// The size of each axis, the slowest first; empty for a scalar.
    public let shape: [Int]
    /// The byte range of the data, relative to the first byte after the header.
    public let byteRange: Range<Int>

    /// The number of elements.
    public var elementCount: Int { shape.reduce(1, *) }
    /// The number of bytes.
    public var byteCount: Int { byteRange.count }
}

/// The declaration of a tensor to write.
public struct SafetensorsDeclaration: Sendable, Hashable {
    /// The tensor's name.
    public let name: String
    /// The type of the elements.
    public let dtype: SafetensorsDType
    /// The size of each axis, the slowest first; empty for a scalar.
    public let shape: [Int]

    /// Declares a tensor `name`.
    public init(_ name: String, _ dtype: SafetensorsDType, _ shape: [Int]) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
    }

    /// The size of the tensor in bytes.
    ///
    /// - Throws: `SafetensorsError.invalidShape` (negative size, more than `Int.max` bits,
    ///   elements that do not fill whole bytes); `file` is the name of the file in the error.
    public func byteCount(file: String) throws -> Int {
        var bits = dtype.bitWidth
        for size in shape {
            guard size >= 0 else {
                throw SafetensorsError.invalidShape(
                    file: file, tensor: name, shape: shape, reason: "a size is negative")
            }
            let (product, hasOverflown) = bits.multipliedReportingOverflow(by: size)
            guard !hasOverflown else {
                throw SafetensorsError.invalidShape(
                    file: file, tensor: name, shape: shape, reason: "its size overflows 64 bits")
            }
            bits = product
        }
        guard bits.isMultiple(of: 8) else {
            throw SafetensorsError.invalidShape(
                file: file, tensor: name, shape: shape,
                reason: "its \(dtype.rawValue) elements do not fill whole bytes")
        }
        return bits / 8
    }
}

extension SafetensorsDeclaration {
    /// The order in which the `safetensors` library writes tensors: wide types first, so that every
    /// tensor is aligned, then by the bytes of the name.
    public static func canonicalOrder(_ lhs: Self, _ rhs: Self) -> Bool {
        if lhs.dtype.rank != rhs.dtype.rank { return lhs.dtype.rank > rhs.dtype.rank }
        return lhs.name.utf8.lexicographicallyPrecedes(rhs.name.utf8)
    }
}
