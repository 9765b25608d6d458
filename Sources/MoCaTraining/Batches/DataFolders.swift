// The subsets that a recipe's folders hold.

package import Foundation
package import MoCaData

extension Recipe.DataSettings {
    /// The folders of the subsets: a folder with data files is one; of a folder without, each
    /// subfolder is. Subsets of weight 0 are left out.
    ///
    /// - Throws: `DataError`.
    package func subsetFolders() throws -> [URL] {
        let found = try MoCaData.subsetFolders(under: folders)
        guard let weights else { return found }
        return found.filter { weights[$0.deletingPathExtension().lastPathComponent] != 0 }
    }

    /// How the subsets are mixed.
    package var mixture: Mixture {
        weights.map { .weights($0.filter { $0.value > 0 }) } ?? .proportional
    }
}
