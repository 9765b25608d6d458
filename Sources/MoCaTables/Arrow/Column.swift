// One column of a record batch, read in place from the Arrow C data interface.
//
// Arrow (C++) has validated that the buffers are as long as lengths and last offsets require. Here
// the shape of the tree, the presence of buffers and the order of offsets are checked, once, so
// that reading a cell cannot leave a buffer.

import CArrow
import Foundation

/// The reason why a column cannot be used.
struct ColumnFailure: Error, Equatable {
    var column: String
    var reason: String
}

/// The reason why a cell cannot be read.
enum CellFailure: Error, Equatable {
    case invalidText
    case unsupportedType(String)
    case indexOutOfRange
}

/// A view of one column; valid for as long as the batch that owns the memory.
package struct Column {
    /// The name of the column in its parent.
    package let name: String
    package let type: ColumnType
    /// The number of cells.
    package let count: Int
    /// The size in bytes of the cells and the data that they refer to, children included.
    let byteCount: Int
    let offset: Int
    let validity: UnsafeRawPointer?
    let buffers: [UnsafeRawPointer?]
    let children: [Column]
    /// The values that the cells are indices of, as an array of one column or none.
    let dictionary: [Column]

    /// Reads and validates one column and its children.
    ///
    /// - Throws: `ColumnFailure`.
    init(schema: ArrowSchema, array: ArrowArray) throws {
        name = schema.name.map { String(cString: $0) } ?? ""
        type = ColumnType(format: schema.format.map { String(cString: $0) } ?? "")
        guard let count = Int(exactly: array.length), count >= 0,
            let offset = Int(exactly: array.offset), offset >= 0,
            offset <= Int.max / 64 - count
        else { throw ColumnFailure(column: name, reason: "negative length or offset") }
        self.count = count
        self.offset = offset

        let bufferCount = Int(array.n_buffers)
        guard type.bufferCount == nil || type.bufferCount == bufferCount else {
            throw ColumnFailure(column: name, reason: "\(bufferCount) buffers")
        }
        buffers = (0..<bufferCount).map { array.buffers?[$0] }
        validity = bufferCount > 0 ? buffers[0] : nil
        if validity == nil, array.null_count > 0, type != .null {
            throw ColumnFailure(column: name, reason: "nulls without a validity buffer")
        }

        guard schema.n_children == array.n_children,
            type.childCount == nil || type.childCount == Int(array.n_children),
            (schema.dictionary == nil) == (array.dictionary == nil)
        else { throw ColumnFailure(column: name, reason: "its children do not fit its type") }
        var children: [Column] = []
        for index in 0..<Int(array.n_children) {
            guard let childSchema = schema.children?[index], let child = array.children?[index]
            else { throw ColumnFailure(column: name, reason: "a missing child") }
            children.append(try Column(schema: childSchema.pointee, array: child.pointee))
        }
        self.children = children
        var dictionary: [Column] = []
        if let values = schema.dictionary, let cells = array.dictionary {
            dictionary = [try Column(schema: values.pointee, array: cells.pointee)]
        }
        self.dictionary = dictionary
        let own = try Self.checkedByteCount(
            name: name, type: type, buffers: buffers, cells: offset..<(offset + count),
            children: children)
        byteCount = (children + dictionary).reduce(own) { $0 + $1.byteCount }
    }

    /// The size of the cells' own buffers in bytes, after validating lengths and offsets.
    private static func checkedByteCount(
        name: String, type: ColumnType, buffers: [UnsafeRawPointer?], cells: Range<Int>,
        children: [Column]
    ) throws -> Int {
        func need(_ condition: Bool, _ reason: String) throws {
            guard condition else { throw ColumnFailure(column: name, reason: reason) }
        }
        let count = cells.count
        switch type {
        case .null, .other:
            return 0
        case .boolean, .integer, .float, .fixedBinary:
            try need(count == 0 || buffers[1] != nil, "a missing value buffer")
            return count * type.valueByteCount
        case .string(let isLarge), .binary(let isLarge):
            let values = try offsetRange(name: name, buffers[1], isLarge: isLarge, cells: cells)
            try need(values.isEmpty || buffers[2] != nil, "a missing value buffer")
            return values.count + count * (isLarge ? 8 : 4)
        case .list(let isLarge):
            let values = try offsetRange(name: name, buffers[1], isLarge: isLarge, cells: cells)
            try need(values.upperBound <= children[0].count, "offsets beyond its values")
            return count * (isLarge ? 8 : 4)
        case .fixedList(let size):
            let (needed, overflow) = cells.upperBound.multipliedReportingOverflow(by: size)
            try need(!overflow && needed <= children[0].count, "too few values")
            return 0
        case .structure:
            try need(children.allSatisfy { $0.count >= cells.upperBound }, "too few values")
            return 0
        }
    }

    /// The range of values that the offsets of `cells` span.
    private static func offsetRange(
        name: String, _ buffer: UnsafeRawPointer?, isLarge: Bool, cells: Range<Int>
    ) throws -> Range<Int> {
        guard let buffer else {
            guard cells.isEmpty else {
                throw ColumnFailure(column: name, reason: "a missing offset buffer")
            }
            return 0..<0
        }
        if cells.isEmpty { return 0..<0 }
        let first = offsetValue(buffer, isLarge, cells.lowerBound)
        var last = first
        for cell in cells {
            let next = offsetValue(buffer, isLarge, cell + 1)
            guard next >= last else {
                throw ColumnFailure(column: name, reason: "offsets that run backwards")
            }
            last = next
        }
        guard first >= 0 else { throw ColumnFailure(column: name, reason: "a negative offset") }
        return first..<last
    }

    /// Entry `index` of an offset buffer.
    @inline(__always)
    static func offsetValue(_ buffer: UnsafeRawPointer, _ isLarge: Bool, _ index: Int) -> Int {
        isLarge
            ? Int(buffer.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
            : Int(buffer.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
    }
}

extension ColumnType {
    /// The size in bytes of one value of fixed width.
    var valueByteCount: Int {
        switch self {
        case .boolean: 1
        case .integer(let bytes, _), .float(let bytes), .fixedBinary(let bytes): bytes
        default: 0
        }
    }
}
