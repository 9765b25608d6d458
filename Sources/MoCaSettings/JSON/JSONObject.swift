// The members of a JSON object.

import OrderedCollections

/// The members of a JSON object in the order of the file. Objects with the same members are equal,
/// whatever their order.
package struct JSONObject: Sendable {
    private var members: OrderedDictionary<String, JSON> = [:]

    /// Creates an object without members.
    package init() {}

    /// The value of a key; setting nil removes the key.
    package subscript(key: String) -> JSON? {
        get { members[key] }
        set { members[key] = newValue }
    }

    /// The keys, in order.
    package var keys: [String] { Array(members.keys) }
}

extension JSONObject: Collection {
    package typealias Element = (key: String, value: JSON)

    package var startIndex: Int { 0 }
    package var endIndex: Int { members.count }
    package func index(after index: Int) -> Int { index + 1 }
    package subscript(index: Int) -> Element { members.elements[index] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

    /// Creates an object; for a repeated key, the last value applies.
    package init(_ members: some Sequence<(String, JSON)>) {
        for (key, value) in members { self[key] = value }
    }

    /// Creates an object with sorted keys.
    package init(_ members: [String: JSON]) {
        self.init(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
}

extension JSONObject: Hashable {
    package static func == (one: JSONObject, other: JSONObject) -> Bool {
        one.count == other.count && one.allSatisfy { other[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        for key in keys.sorted() {
            hasher.combine(key)
            hasher.combine(self[key])
        }
    }
}
