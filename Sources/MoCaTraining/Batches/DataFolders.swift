// The subsets that a recipe's folders hold.

import Foundation
import MoCaData

extension Recipe.DataSettings {
    /// The folders of the subsets; those of weight 0 are left out.
    ///
    /// - Throws: `DataError`.
    func subsetFolders() throws -> [URL] {
        let found = try MoCaData.subsetFolders(in: folders)
        guard let weights else { return found }
        return found.filter { weights[$0.deletingPathExtension().lastPathComponent] != 0 }
    }

    /// How the subsets are mixed.
    var mixture: Mixture {
        weights.map { .weights($0.filter { $0.value > 0 }) } ?? .proportional
    }
}
