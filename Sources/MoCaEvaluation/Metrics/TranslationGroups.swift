// Finds the queries of a multilingual set that are translations of one question.

import MoCaCore
import MoCaData

/// Queries that are translations of one another.
///
/// ViDoRe v2 and v3 contain every question once per language, with separate ids and no common
/// source, but translations have the same judgements. Queries with equal judgements therefore form
/// a group. Different questions with the same relevant pages also fall into one group, which makes
/// intervals wider and never too narrow.
enum TranslationGroups {
    /// The group of each query, named by its first query; empty if no two languages share
    /// judgements.
    static func names(
        of queries: [QueryRecord], _ relevance: [ExactText: [ExactText: Int]]
    ) -> [ExactText: String] {
        var first: [[ExactText: Int]: QueryRecord] = [:]
        var names: [ExactText: String] = [:]
        var isAligned = false
        for query in queries {
            let id = ExactText(query.id)
            guard let judged = relevance[id], !judged.isEmpty else { continue }
            guard let source = first[judged] else {
                first[judged] = query
                names[id] = query.id
                continue
            }
            names[id] = source.id
            if let language = query.language, let other = source.language, language != other {
                isAligned = true
            }
        }
        return isAligned ? names : [:]
    }
}
