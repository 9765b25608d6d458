// Whole values: numbers in range, lists and maps of one type, trees, and skipped values.

extension JSONScanner {
    /// Consumes an integer without fraction or exponent. "-0" is also refused, as in the
    /// `safetensors` library.
    package mutating func integer() throws -> Int {
        _ = try peek()
        let start = position
        let isNumber = bytes[start] == UInt8(ascii: "-") || bytes[start] &- UInt8(ascii: "0") < 10
        guard isNumber else { throw fault("expected an integer") }
        let (spelling, isInteger) = try number()
        let isPadded = position < bytes.count && bytes[position] &- UInt8(ascii: "0") < 10
        guard isInteger, spelling != "-0", !isPadded else {
            throw fault("expected an integer", at: start)
        }
        guard let value = Int(spelling) else {
            throw fault("the number \(spelling.prefix(40)) is too large", at: start)
        }
        return value
    }

    /// Consumes an array of integers.
    package mutating func integers() throws -> [Int] {
        var values: [Int] = []
        try array { values.append(try $0.integer()) }
        return values
    }

    /// Consumes an object whose values are strings; a repeated key is a fault.
    package mutating func stringMap() throws -> [String: String] {
        var map: [String: String] = [:]
        try object { scanner, name in
            let (key, start) = (try scanner.string(name), scanner.position)
            guard map.updateValue(try scanner.string(), forKey: key) == nil else {
                throw scanner.fault("the key '\(key)' stands twice", at: start)
            }
        }
        return map
    }

    /// Consumes and validates a value of any type.
    package mutating func skipValue(depth: Int = 0) throws {
        try visitValue(
            depth: depth,
            object: { scanner in
                try scanner.object { scanner, name in
                    _ = try scanner.string(name)
                    try scanner.skipValue(depth: depth + 1)
                }
            },
            array: { scanner in try scanner.array { try $0.skipValue(depth: depth + 1) } },
            scalar: { _ in })
    }

    /// Consumes any value; a repeated key is a fault.
    package mutating func value(depth: Int = 0) throws -> JSON {
        var result = JSON.null
        try visitValue(
            depth: depth,
            object: { scanner in
                var object = JSONObject()
                try scanner.object { scanner, name in
                    try scanner.member(name, of: &object, depth: depth + 1)
                }
                result = .object(object)
            },
            array: { scanner in
                var elements: [JSON] = []
                try scanner.array { elements.append(try $0.value(depth: depth + 1)) }
                result = .array(elements)
            },
            scalar: { result = $0 })
        return result
    }

    /// Consumes the value of `name` and adds both to an object; a repeated key is a fault.
    package mutating func member(
        _ name: Text, of object: inout JSONObject, depth: Int = 0
    ) throws {
        let key = try string(name)
        _ = try peek()
        let start = position
        let value = try value(depth: depth)
        guard object[key] == nil else { throw fault("the key '\(key)' stands twice", at: start) }
        object[key] = value
    }

    /// Consumes an object and returns the byte range of each key's value.
    package mutating func memberRanges() throws -> [String: Range<Int>] {
        var ranges: [String: Range<Int>] = [:]
        try object { scanner, name in
            let key = try scanner.string(name)
            _ = try scanner.peek()
            let start = scanner.position
            try scanner.skipValue()
            ranges[key] = start..<scanner.position
        }
        return ranges
    }

    /// Selects the visitor of a value by its next byte.
    private mutating func visitValue(
        depth: Int, object: (inout JSONScanner) throws -> Void,
        array: (inout JSONScanner) throws -> Void, scalar: (JSON) -> Void
    ) throws {
        guard depth < Self.depthMax else { throw fault("nested too deeply") }
        switch try peek() {
        case UInt8(ascii: "{"): try object(&self)
        case UInt8(ascii: "["): try array(&self)
        case UInt8(ascii: "\""): scalar(.string(try string()))
        case UInt8(ascii: "t") where try take(word: "true"): scalar(.bool(true))
        case UInt8(ascii: "f") where try take(word: "false"): scalar(.bool(false))
        case UInt8(ascii: "n") where try take(word: "null"): scalar(.null)
        default:
            let start = position
            let (spelling, isInteger) = try number()
            guard let number = Double(spelling), number.isFinite else {
                throw fault("the number is too large", at: start)
            }
            // An integer beyond 64 bits becomes the nearest double.
            scalar((isInteger ? Int(spelling) : nil).map(JSON.integer) ?? .number(number))
        }
    }
}
