// The header of a file: eight bytes of length, then JSON that must describe the data without gap or
// overlap (https://github.com/huggingface/safetensors#format).

import Foundation
import MoCaSettings

/// A validated header: its tensors cover the data exactly.
struct SafetensorsHeader {
    /// The maximum length of a header in bytes, as in the `safetensors` library.
    static let lengthMax = 100_000_000

    /// The tensors by name.
    private(set) var entries: [String: SafetensorsEntry] = [:]
    /// The names of the tensors in the byte order of their data.
    private(set) var names: [String] = []
    /// The metadata under `__metadata__`.
    private(set) var metadata: [String: String] = [:]
    /// The offset of the first byte after the header.
    private(set) var dataStart = 0

    /// Reads and validates the header of a file with the contents `bytes`; `file` is its name in
    /// errors.
    ///
    /// - Throws: `SafetensorsError`.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        guard bytes.count >= 8 else {
            throw SafetensorsError.noHeader(file: file, size: bytes.count)
        }
        let declared = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard declared > 0, declared <= UInt64(Self.lengthMax) else {
            throw SafetensorsError.headerLength(file: file, length: declared)
        }
        let length = Int(declared)
        guard length <= bytes.count - 8 else {
            throw SafetensorsError.headerPastEnd(file: file, length: length, size: bytes.count)
        }
        dataStart = 8 + length
        let text = UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart])
        try text.withMemoryRebound(to: UInt8.self) { try parse($0, file: file) }
        try checkTiling(size: bytes.count, file: file)
    }

    // MARK: - Parsing

    private mutating func parse(_ text: UnsafeBufferPointer<UInt8>, file: String) throws {
        var scanner = JSONScanner(text)
        do {
            guard text.first == UInt8(ascii: "{") else {
                throw JSONFault(byte: 0, reason: "the header does not begin with '{'")
            }
            var hasMetadata = false
            try scanner.object { scanner, text in
                let name = try scanner.string(text)
                guard name == "__metadata__" else {
                    return try addEntry(name, from: &scanner, file: file)
                }
                guard !hasMetadata else {
                    throw JSONFault(byte: scanner.position, reason: "__metadata__ stands twice")
                }
                hasMetadata = true
                metadata = try scanner.stringMap()
            }
            try scanner.end()
        } catch let fault as JSONFault {
            throw SafetensorsError.invalidHeader(
                file: file, byte: 8 + fault.byte, reason: fault.reason)
        }
    }

    private mutating func addEntry(
        _ name: String, from scanner: inout JSONScanner, file: String
    ) throws {
        let entry: SafetensorsEntry
        do {
            entry = try Self.entry(name, from: &scanner, file: file)
        } catch let fault as JSONFault {
            throw SafetensorsError.invalidEntry(
                file: file, tensor: name, byte: 8 + fault.byte, reason: fault.reason)
        }
        guard entries.updateValue(entry, forKey: name) == nil else {
            throw SafetensorsError.duplicateName(file: file, tensor: name)
        }
        names.append(name)
    }

    private static func entry(
        _ name: String, from scanner: inout JSONScanner, file: String
    ) throws -> SafetensorsEntry {
        let start = scanner.position
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, text in
            let key = try scanner.string(text)
            let isRepeated: Bool
            switch key {
            case "dtype":
                isRepeated = type != nil
                type = try scanner.string()
            case "shape":
                isRepeated = shape != nil
                shape = try scanner.integers()
            case "data_offsets":
                isRepeated = offsets != nil
                offsets = try scanner.integers()
            default:
                isRepeated = false
                try scanner.skipValue()
            }
            if isRepeated {
                throw JSONFault(byte: scanner.position, reason: "the key '\(key)' stands twice")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw JSONFault(
                byte: start, reason: "expected dtype, shape and data_offsets [begin, end]")
        }
        guard let dtype = SafetensorsDType(rawValue: type) else {
            throw SafetensorsError.unknownDType(file: file, tensor: name, dtype: type)
        }
        guard offsets[0] >= 0, offsets[1] >= offsets[0] else {
            throw SafetensorsError.invalidOffsets(
                file: file, tensor: name, begin: offsets[0], end: offsets[1])
        }
        let expected = try SafetensorsDeclaration(name, dtype, shape).byteCount(file: file)
        guard expected == offsets[1] - offsets[0] else {
            throw SafetensorsError.sizeMismatch(
                file: file, tensor: name, expected: expected, found: offsets[1] - offsets[0])
        }
        return SafetensorsEntry(
            name: name, dtype: dtype, shape: shape, byteRange: offsets[0]..<offsets[1])
    }

    // MARK: - Checks over all tensors

    /// Sorts the names by offset, and checks that the tensors cover the data exactly once.
    private mutating func checkTiling(size: Int, file: String) throws {
        let sorted = names.enumerated().compactMap { position, name in
            entries[name].map { (position: position, entry: $0) }
        }.sorted { lhs, rhs in
            let left = (lhs.entry.byteRange.lowerBound, lhs.entry.byteRange.upperBound)
            let right = (rhs.entry.byteRange.lowerBound, rhs.entry.byteRange.upperBound)
            return left == right ? lhs.position < rhs.position : left < right
        }
        let dataSize = size - dataStart
        var end = 0
        var previous = ""
        for (_, entry) in sorted {
            let range = entry.byteRange
            guard range.lowerBound >= end else {
                throw SafetensorsError.overlap(file: file, tensor: entry.name, other: previous)
            }
            guard range.lowerBound == end else {
                throw SafetensorsError.hole(
                    file: file, tensor: entry.name, begin: end, end: range.lowerBound)
            }
            guard range.upperBound <= dataSize else {
                throw SafetensorsError.truncated(
                    file: file, tensor: entry.name, expected: dataStart + range.upperBound,
                    found: size)
            }
            end = range.upperBound
            previous = entry.name
        }
        guard end == dataSize else {
            throw SafetensorsError.trailingBytes(file: file, count: dataSize - end)
        }
        names = sorted.map(\.entry.name)
    }
}

// MARK: - Writing

extension SafetensorsHeader {
    /// The first bytes of a file of `tensors`, which are contiguous: the length, the JSON, and
    /// padding spaces, so that the data start at a multiple of eight.
    ///
    /// - Throws: `SafetensorsError` (an invalid shape, a repeated name).
    static func encode(
        _ tensors: [SafetensorsDeclaration], metadata: [String: String], file: String
    ) throws -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(quote($0)):\(quote($1))" }
            members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var names: Set<String> = ["__metadata__"]
        var begin = 0
        for tensor in tensors {
            guard names.insert(tensor.name).inserted else {
                throw SafetensorsError.duplicateName(file: file, tensor: tensor.name)
            }
            let (end, hasOverflown) = begin.addingReportingOverflow(
                try tensor.byteCount(file: file))
            guard !hasOverflown else {
                throw SafetensorsError.invalidShape(
                    file: file, tensor: tensor.name, shape: tensor.shape,
                    reason: "its size overflows 64 bits")
            }
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quote(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\","
                    + "\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}")
            begin = end
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        guard text.count <= lengthMax else {
            throw SafetensorsError.headerLength(file: file, length: UInt64(text.count))
        }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{8}": quoted += "\\b"
            case "\u{c}": quoted += "\\f"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
