// Reads cells of a validated column.

import Foundation

extension Column {
    /// Whether a cell is null.
    func isNull(_ index: Int) -> Bool {
        if type == .null { return true }
        guard let validity else { return false }
        return !Self.bit(validity, offset + index)
    }

    private static func bit(_ bytes: UnsafeRawPointer, _ index: Int) -> Bool {
        bytes.load(fromByteOffset: index >> 3, as: UInt8.self) >> (index & 7) & 1 == 1
    }

    /// The value of a cell.
    ///
    /// - Throws: `CellFailure`.
    func cell(_ index: Int) throws(CellFailure) -> Cell {
        precondition(index >= 0 && index < count, "cell \(index) of \(count)")
        if isNull(index) { return .null }
        if let values = dictionary.first { return try dictionaryCell(index, of: values) }
        let position = offset + index
        switch type {
        case .null: return .null
        case .boolean: return .boolean(Self.bit(value(1), position))
        case .integer: return integerCell(position)
        case .float: return .number(floatValue(position))
        case .string:
            guard let text = String(validating: bytes(position), as: UTF8.self) else {
                throw .invalidText
            }
            return .string(text)
        case .binary: return .bytes(Data(bytes(position)))
        case .fixedBinary(let size):
            return .bytes(Data(bytes: value(1) + position * size, count: size))
        case .list, .fixedList:
            var cells: [Cell] = []
            for element in elements(position) { cells.append(try children[0].cell(element)) }
            return .list(cells)
        case .structure:
            var members: [String: Cell] = [:]
            for child in children { members[child.name] = try child.cell(position) }
            return .object(members)
        case .other(let format): throw .unsupportedType(format)
        }
    }

    /// The values of a list cell; nil if the cell is null or not a list of floats without nulls.
    func floats(_ index: Int) -> [Float]? {
        precondition(index >= 0 && index < count, "cell \(index) of \(count)")
        switch type {
        case .list, .fixedList: break
        default: return nil
        }
        guard !isNull(index), case .float = children[0].type else { return nil }
        let values = children[0]
        let range = elements(offset + index)
        guard values.validity == nil || range.allSatisfy({ !values.isNull($0) }) else {
            return nil
        }
        return range.map { Float(values.floatValue(values.offset + $0)) }
    }

    /// A buffer that validation has found to be present.
    private func value(_ buffer: Int) -> UnsafeRawPointer {
        guard let pointer = buffers[buffer] else {
            preconditionFailure("column \(name) has no buffer \(buffer)")
        }
        return pointer
    }

    private func bytes(_ position: Int) -> UnsafeRawBufferPointer {
        let isLarge = type == .string(isLarge: true) || type == .binary(isLarge: true)
        let start = Self.offsetValue(value(1), isLarge, position)
        let end = Self.offsetValue(value(1), isLarge, position + 1)
        return UnsafeRawBufferPointer(
            start: buffers[2].map { $0 + start }, count: start == end ? 0 : end - start)
    }

    /// The range of a list's elements in the child column.
    private func elements(_ position: Int) -> Range<Int> {
        if case .fixedList(let size) = type {
            return position * size..<(position + 1) * size
        }
        let isLarge = type == .list(isLarge: true)
        return Self.offsetValue(
            value(1), isLarge, position)..<Self.offsetValue(
                value(1), isLarge, position + 1)
    }

    private func load<Value>(_ position: Int, as: Value.Type) -> Value {
        value(1).loadUnaligned(
            fromByteOffset: position * MemoryLayout<Value>.size, as: Value.self)
    }

    private func integerCell(_ position: Int) -> Cell {
        let value: Int64
        switch type {
        case .integer(1, true): value = Int64(load(position, as: Int8.self))
        case .integer(1, false): value = Int64(load(position, as: UInt8.self))
        case .integer(2, true): value = Int64(load(position, as: Int16.self))
        case .integer(2, false): value = Int64(load(position, as: UInt16.self))
        case .integer(4, true): value = Int64(load(position, as: Int32.self))
        case .integer(4, false): value = Int64(load(position, as: UInt32.self))
        case .integer(_, true): value = load(position, as: Int64.self)
        default:
            let unsigned = load(position, as: UInt64.self)
            return Int64(exactly: unsigned).map { .integer($0) } ?? .number(Double(unsigned))
        }
        return .integer(value)
    }

    private func floatValue(_ position: Int) -> Double {
        switch type {
        case .float(2): halfValue(load(position, as: UInt16.self))
        case .float(4): Double(load(position, as: Float.self))
        default: load(position, as: Double.self)
        }
    }

    /// Decodes IEEE 754 binary16; `Float16` does not exist on every platform.
    private func halfValue(_ bits: UInt16) -> Double {
        let sign = bits >> 15 == 1 ? -1.0 : 1.0
        let exponent = Int(bits >> 10 & 0x1f)
        let fraction = Double(bits & 0x3ff) / 1024
        switch exponent {
        case 0: return sign * fraction * 0x1p-14
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
        }
    }

    private func dictionaryCell(_ index: Int, of values: Column) throws(CellFailure) -> Cell {
        guard case .integer(let key) = integerCell(offset + index),
            key >= 0, key < values.count
        else { throw .indexOutOfRange }
        return try values.cell(Int(key))
    }
}
