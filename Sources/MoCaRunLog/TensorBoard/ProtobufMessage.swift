// Messages in the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), with
// only the field types that event files need.

import Foundation

/// The encoded fields of one message.
struct ProtobufMessage {
    private(set) var bytes = Data()

    private enum WireType: UInt64 {
        case varint = 0
        case eightBytes = 1
        case counted = 2
        case fourBytes = 5
    }

    /// Adds an integer or the value of an enumeration; 0 is left out, as proto3 defines it.
    mutating func add(_ field: UInt64, integer value: Int) {
        guard value != 0 else { return }
        key(field, .varint)
        append(varint: UInt64(bitPattern: Int64(value)))
    }

    /// Adds a member of a `oneof`, for which 0 is also written.
    mutating func add(_ field: UInt64, float value: Float) {
        key(field, .fourBytes)
        append(fixed: value.bitPattern)
    }

    mutating func add(_ field: UInt64, double value: Double) {
        guard value.bitPattern != 0 else { return }
        key(field, .eightBytes)
        append(fixed: value.bitPattern)
    }

    mutating func add(_ field: UInt64, data: Data) {
        key(field, .counted)
        append(varint: UInt64(data.count))
        bytes.append(data)
    }

    mutating func add(_ field: UInt64, text: String) { add(field, data: Data(text.utf8)) }

    mutating func add(_ field: UInt64, message: ProtobufMessage) {
        add(field, data: message.bytes)
    }

    /// Adds a packed repeated field.
    mutating func add(_ field: UInt64, doubles: [Double]) {
        var packed = ProtobufMessage()
        for value in doubles { packed.append(fixed: value.bitPattern) }
        add(field, data: packed.bytes)
    }

    private mutating func key(_ field: UInt64, _ type: WireType) {
        append(varint: field << 3 | type.rawValue)
    }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func append(fixed value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
