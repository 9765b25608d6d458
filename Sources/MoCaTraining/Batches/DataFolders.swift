// The subsets that a recipe's folders hold.

package import Foundation
package import MoCaData

extension Recipe.DataSettings {
    /// The folders of the subsets; those of weight 0 are left out.
    ///
    /// - Throws: `DataError`.
    package func subsetFolders() throws -> [URL] {
        let found = try MoCaData.subsetFolders(in: folders)
        guard let weights else { return found }
        return found.filter { weights[$0.deletingPathExtension().lastPathComponent] != 0 }
    }

    /// How the subsets are mixed.
    package var mixture: Mixture {
        if let weights { return .weights(weights.filter { $0.value > 0 }) }
        if let temperature { return Mixture(.temperature(temperature), cap: cap) }
        return Mixture(sampler == .roundRobin ? .roundRobin : .proportional, cap: cap)
    }
}
