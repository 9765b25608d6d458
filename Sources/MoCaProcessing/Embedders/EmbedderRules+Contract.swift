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

    /// The contract of a model's folder, with the rules that its files select; an empty one if no
    /// file states one.
    ///
    /// - Parameter vectorLength: the number of components of the model's vectors, if known.
    /// - Throws: `ModelError`, `ProcessingError`.
    package static func contract(
        ofModel folder: URL, vectorLength: Int? = nil
    ) throws -> EmbeddingContract {
        let own = try EmbeddingContract(of: folder) ?? EmbeddingContract()
        let rules = try EmbedderRules(ModelDeclaration(of: folder), own)
        return try rules.contract(of: folder, vectorLength: vectorLength)?.contract
            ?? EmbeddingContract()
    }
}
