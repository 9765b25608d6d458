// The subsets in a recipe's data folders.

package import Foundation
package import MoCaData

extension Recipe.DataSettings {
    /// The folders of the subsets, without those of weight 0.
    ///
    /// - Throws: `DataError`.
    package func subsetFolders() throws -> [URL] {
        try namedFolders().filter { weights?[$0.name] != 0 }.map(\.folder)
    }

    /// The folders of the subsets of weight 0, by subset name.
    ///
    /// - Throws: `DataError`.
    func leftOutFolders() throws -> [String: URL] {
        let leftOut = try namedFolders().filter { weights?[$0.name] == 0 }
        return Dictionary(uniqueKeysWithValues: leftOut.map { ($0.name, $0.folder) })
    }

    private func namedFolders() throws -> [(name: String, folder: URL)] {
        let found = try MoCaData.subsetFolders(in: folders)
        return Array(zip(try Catalog<PretrainSample>.names(of: found), found))
            .map { (name: $0, folder: $1) }
    }

    /// The rule by which the subsets are mixed.
    package var mixture: Mixture {
        if let weights { return .weights(weights.filter { $0.value > 0 }) }
        if let temperature { return Mixture(.temperature(temperature), cap: cap) }
        return Mixture(sampler == .roundRobin ? .roundRobin : .proportional, cap: cap)
    }
}
