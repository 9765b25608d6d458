// The keys of a recipe's mappings as values: one entry says how a key is read, what it may be, and
// how it is written again. What a type's field is when its key is absent is what the type's
// initialiser gives it.

import Foundation
import MoCaSettings

/// A value whose fields are the keys of one mapping of a recipe.
protocol RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] { get }
}

extension RecipeMapping {
    /// Takes over what `section` says; problems are added to it.
    mutating func read(_ section: Section) {
        for key in Self.recipeKeys { key.read(section, &self) }
    }

    /// Every key with its value.
    var keysAndNodes: [(String, JSON?)] { Self.recipeKeys.flatMap { $0.write(self) } }
}

/// One key of a mapping, keys that belong together, or a check over several.
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

    /// A number that may be absent.
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

    /// An integer that may be absent.
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

    /// One of the values of an enumeration of texts.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ path: WritableKeyPath<Owner, Choice>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.choice(key, default: owner[keyPath: path])
        } write: {
            [(key, .value($0[keyPath: path].rawValue))]
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

    /// A path that may be absent.
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
    /// A list of paths, of at least one.
    static func urls(_ key: String, _ path: WritableKeyPath<Owner, [URL]>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.urls(key)
        } write: {
            [(key, .list($0[keyPath: path].map(\.path)))]
        }
    }

    /// Numbers from 0 by name.
    static func table(
        _ key: String, _ path: WritableKeyPath<Owner, [String: Double]>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.numberTable(key) ?? owner[keyPath: path]
        } write: {
            [(key, .table($0[keyPath: path]))]
        }
    }

    /// Numbers from 0 by name, which may be absent.
    static func table(
        _ key: String, _ path: WritableKeyPath<Owner, [String: Double]?>
    ) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path] = section.numberTable(key) ?? owner[keyPath: path]
        } write: {
            [(key, $0[keyPath: path].map { .table($0) })]
        }
    }

    /// A mapping of keys.
    static func section<Child: RecipeMapping>(
        _ key: String, _ path: WritableKeyPath<Owner, Child>
    ) -> RecipeKey {
        .section(key, path, Child.recipeKeys)
    }

    /// A mapping whose keys differ between stages.
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

    /// A field whose keys stand in the mapping of its owner.
    static func inline<Child: RecipeMapping>(_ path: WritableKeyPath<Owner, Child>) -> RecipeKey {
        RecipeKey { section, owner in
            owner[keyPath: path].read(section)
        } write: {
            $0[keyPath: path].keysAndNodes
        }
    }

    /// What must hold between keys that were read before.
    static func check(_ body: @escaping (Section, Owner) -> Void) -> RecipeKey {
        RecipeKey(read: { body($0, $1) }, write: { _ in [] })
    }
}
