// The subsets that a recipe's folders hold.

import Foundation
import MoCaData

extension Recipe.DataSettings {
    /// The folders of the subsets: a folder with data files is one; of a folder without, each
    /// subfolder is. Subsets of weight 0 are left out.
    ///
    /// - Throws: `DataError`.
    func subsetFolders() throws -> [URL] {
        var found: [URL] = []
        for folder in folders {
            do {
                _ = try dataFiles(in: folder)
                found.append(folder)
            } catch DataError.noDataFiles(_, let subfolders) where !subfolders.isEmpty {
                found += subfolders.map { folder.appending(path: $0) }
            }
        }
        guard let weights else { return found }
        return found.filter { weights[$0.deletingPathExtension().lastPathComponent] != 0 }
    }

    /// How the subsets are mixed.
    var mixture: Mixture {
        if let weights { return .weights(weights.filter { $0.value > 0 }) }
        if let temperature { return Mixture(.temperature(temperature), cap: cap) }
        return Mixture(sampler == .roundRobin ? .roundRobin : .proportional, cap: cap)
    }
}
