// Which queries of a multilingual set are one question in several languages.

import MoCaCore
import MoCaData

/// Queries that are translations of one another.
///
/// ViDoRe v2 and v3 hold every question once a language, under ids of its own, and name no source; but
/// translations are judged alike. Queries of equal judgements are therefore taken for one group.
/// Different questions with the same relevant pages fall into one group too, which makes intervals
/// wider and never too narrow.
enum TranslationGroups {
    /// The group of each query, named by its first query; empty where no two languages share
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
