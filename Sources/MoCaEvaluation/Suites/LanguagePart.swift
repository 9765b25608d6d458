// The queries of one language of a set, which some published averages treat as a set.

/// A set's queries of one language, named `SET (LANGUAGE)` in the groups of `scores.json`.
struct LanguagePart: Sendable, Hashable {
    let set: String
    let language: String

    init(set: String, language: String) {
        (self.set, self.language) = (set, language)
    }

    /// Parses a name `SET (LANGUAGE)`; nil if it has another form.
    init?(_ name: String) {
        guard name.hasSuffix(")"), let open = name.lastIndex(of: "("), open > name.startIndex
        else { return nil }
        let before = name.index(before: open)
        guard name[before] == " " else { return nil }
        set = String(name[..<before])
        language = String(name[name.index(after: open)...].dropLast())
    }

    var name: String { "\(set) (\(language))" }
}

extension SetScore {
    /// The value of a measure over all queries, or over those of one language.
    func value(of metric: String, language: String?) -> Double? {
        guard let language else { return value(of: metric) }
        guard case .retrieval(let score) = self else { return nil }
        return score.byLanguage[language]?.metrics.named[metric]
    }
}
