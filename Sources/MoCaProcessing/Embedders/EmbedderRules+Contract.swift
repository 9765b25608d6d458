// The files of a model's folder that an embedder's rules take its contract from.

package import Foundation
package import MoCaModel

extension EmbedderRules {
    /// The contract of a model with these rules, from `moca.json` and, for MoCa's own rules, the
    /// files of sentence-transformers: a preset computes what its authors' code does, which these
    /// files describe in part at best.
    ///
    /// - Throws: `ModelError`.
    package func contract(
        of folder: URL, vectorLength: Int? = nil
    ) throws(ModelError) -> ResolvedContract? {
        guard name != EmbedderRules.moca.name else {
            return try ResolvedContract(of: folder, vectorLength: vectorLength)
        }
        guard let own = try EmbeddingContract(of: folder, vectorLength: vectorLength) else {
            return nil
        }
        return ResolvedContract(own)
    }
}
