// The keys of a recipe's mappings as values: one entry defines how a key is read, validated and
// written. The default of an absent key is the field's value in the type's initialiser.

import Foundation
import MoCaSettings

/// A value whose fields are the keys of one mapping of a recipe.
protocol RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] { get }
}

extension RecipeMapping {
    /// Reads the fields from `section`, to which problems are added.
    mutating func read(_ section: Section) {
        for key in Self.recipeKeys { key.read(section, &self) }
    }

    /// All keys with their values.
    var keysAndNodes: [(String, JSON?)] { Self.recipeKeys.flatMap { $0.write(self) } }
}

/// A key of a mapping, a group of related keys, or a check across keys.
struct RecipeKey<Owner> {
    let read: (Section, inout Owner) -> Void
    let write: (Owner) -> [(String, JSON?)]

    init(
        read: @escaping (Section, inout Owner) -> Void,
        write: @escaping (Owner) -> [(String, JSON?)]
    ) {
        (self.read, self.write) = (read, write)
    }
}

// MARK: Scalars

extension RecipeKey {
    static func number(
        _ key: String, _ path: WritableKeyPath<Owner, Double>, _ rule: NumberRule,
        isRequired: Bool = false
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.number(
                key, rule, default: isRequired ? nil : owner[keyPath: path])
        } write: {
            [(key, .value($0[keyPath: path]))]
        }
    }

    /// An optional number.
    static func number(
        _ key: String, _ path: WritableKeyPath<Owner, Double?>, _ rule: NumberRule
    ) -> RecipeKey {
        RecipeKey { section, owner in
            if section.has(key) { owner[keyPath: path] = section.number(key, rule) }
        } write: {
            [(key, $0[keyPath: path].map { .value($0) })]
        }
    }

    static func integer(
        _ key: String, _ path: WritableKeyPath<Owner, Int>, in range: ClosedRange<Int>,
        isRequired: Bool = false
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.integer(
                key, in: range, default: isRequired ? nil : owner[keyPath: path])
        } write: {
            [(key, .value($0[keyPath: path]))]
        }
    }

    /// An optional integer.
    static func integer(
        _ key: String, _ path: WritableKeyPath<Owner, Int?>, in range: ClosedRange<Int>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            if section.has(key) { owner[keyPath: path] = section.integer(key, in: range) }
        } write: {
            [(key, $0[keyPath: path].map { .value($0) })]
        }
    }

    static func bool(_ key: String, _ path: WritableKeyPath<Owner, Bool>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.bool(key, default: owner[keyPath: path])
        } write: {
            [(key, .value($0[keyPath: path]))]
        }
    }

    /// A value of an enumeration of strings.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ path: WritableKeyPath<Owner, Choice>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.choice(key, default: owner[keyPath: path])
        } write: {
            [(key, .value($0[keyPath: path].rawValue))]
        }
    }

    /// An optional value of an enumeration of strings.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ path: WritableKeyPath<Owner, Choice?>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.optionalChoice(key) ?? owner[keyPath: path]
        } write: {
            [(key, $0[keyPath: path].map { .value($0.rawValue) })]
        }
    }

    /// A path.
    static func url(_ key: String, _ path: WritableKeyPath<Owner, URL>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.url(key)
        } write: {
            [(key, .value($0[keyPath: path].path))]
        }
    }

    /// An optional path.
    static func url(_ key: String, _ path: WritableKeyPath<Owner, URL?>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.optionalURL(key) ?? owner[keyPath: path]
        } write: {
            [(key, $0[keyPath: path].map { .value($0.path) })]
        }
    }
}

// MARK: Lists, tables and mappings

extension RecipeKey {
    /// A non-empty list of paths.
    static func urls(_ key: String, _ path: WritableKeyPath<Owner, [URL]>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.urls(key)
        } write: {
            [(key, .list($0[keyPath: path].map(\.path)))]
        }
    }

    /// A mapping of names to numbers of at least 0.
    static func table(
        _ key: String, _ path: WritableKeyPath<Owner, [String: Double]>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.numberTable(key) ?? owner[keyPath: path]
        } write: {
            [(key, .table($0[keyPath: path]))]
        }
    }

    /// An optional mapping of names to numbers of at least 0.
    static func table(
        _ key: String, _ path: WritableKeyPath<Owner, [String: Double]?>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.numberTable(key) ?? owner[keyPath: path]
        } write: {
            [(key, $0[keyPath: path].map { .table($0) })]
        }
    }

    /// A nested mapping.
    static func section<Child: RecipeMapping>(
        _ key: String, _ path: WritableKeyPath<Owner, Child>
    ) -> RecipeKey {
        .section(key, path, Child.recipeKeys)
    }

    /// A nested mapping whose keys differ between stages.
    static func section<Child>(
        _ key: String, _ path: WritableKeyPath<Owner, Child>, _ keys: [RecipeKey<Child>]
    ) -> RecipeKey {
        RecipeKey { section, owner in
            let child = section.section(key)
            for key in keys { key.read(child, &owner[keyPath: path]) }
        } write: { owner in
            [(key, .keys(keys.flatMap { $0.write(owner[keyPath: path]) }))]
        }
    }

    /// A field whose keys are part of its owner's mapping.
    static func inline<Child: RecipeMapping>(_ path: WritableKeyPath<Owner, Child>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path].read(section)
        } write: {
            $0[keyPath: path].keysAndNodes
        }
    }

    /// A check across keys that were read before.
    static func check(_ body: @escaping (Section, Owner) -> Void) -> RecipeKey {
        RecipeKey(read: { body($0, $1) }, write: { _ in [] })
    }
}
