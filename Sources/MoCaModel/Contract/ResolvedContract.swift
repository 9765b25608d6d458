// The contract of a model's folder from all files that describe one.

package import Foundation
import MoCaCore

/// The contract under which a model's vectors are computed, and where its files disagree.
package struct ResolvedContract: Sendable, Hashable {
    /// `moca.json`, and what it leaves open from the files of sentence-transformers.
    package let contract: EmbeddingContract
    /// The files that the contract comes from.
    package let files: [String]
    /// Settings of sentence-transformers that `moca.json` overrules, or that have no effect here.
    package let notes: [String]

    /// Reads the contract of a model's folder; nil if no file describes one.
    ///
    /// - Parameter vectorLength: the number of components of the model's vectors, if known.
    /// - Throws: `ModelError`; `.unsupportedModule` for a pooling that cannot be computed, unless
    ///   `moca.json` names another one.
    package init?(of folder: URL, vectorLength: Int? = nil) throws(ModelError) {
        let own = try EmbeddingContract(of: folder, vectorLength: vectorLength)
        guard let theirs = try SentenceTransformersSettings(of: folder) else {
            guard let own else { return nil }
            contract = own
            files = [EmbeddingContract.fileName]
            notes = []
            return
        }
        if let refused = theirs.unsupported, own?.pooling == nil {
            throw .unsupportedModule(file: refused.file, reason: refused.reason)
        }
        try Self.check(theirs, vectorLength, folder)
        var contract = own ?? EmbeddingContract()
        notes = Self.notes(contract, theirs)
        contract.pooling = contract.pooling ?? theirs.pooling
        contract.normalize = contract.normalize ?? theirs.normalize
        if contract.prompts.isEmpty { contract.prompts = theirs.prompts }
        if contract.dimensions.isEmpty, let length = theirs.truncatedLength {
            contract.dimensions = [length]
        }
        self.contract = contract
        files =
            (own == nil ? [] : [EmbeddingContract.fileName])
            + [SentenceTransformersSettings.modulesName]
    }

    /// Creates the contract that `moca.json` states.
    package init(_ own: EmbeddingContract) {
        contract = own
        files = [EmbeddingContract.fileName]
        notes = []
    }

    private static func check(
        _ theirs: SentenceTransformersSettings, _ vectorLength: Int?, _ folder: URL
    ) throws(ModelError) {
        guard let vectorLength else { return }
        if let length = theirs.vectorLength, length != vectorLength {
            throw .unsupportedModule(
                file: folder.appending(path: SentenceTransformersSettings.modulesName).path,
                reason: "the pooling is for \(length) components, the model has \(vectorLength)")
        }
        if let length = theirs.truncatedLength, !(1...vectorLength).contains(length) {
            throw .unsupportedModule(
                file: folder.appending(path: SentenceTransformersSettings.configurationName).path,
                reason: "truncate_dim is \(length), the model has \(vectorLength) components")
        }
    }

    private static func notes(
        _ own: EmbeddingContract, _ theirs: SentenceTransformersSettings
    ) -> [String] {
        var notes: [String] = []
        func compare<Value: Equatable>(_ name: String, _ mine: Value?, _ other: Value?) {
            guard let mine, let other, mine != other else { return }
            notes.append(
                "\(name) is \(mine) in \(EmbeddingContract.fileName), which applies, and \(other) "
                    + "for sentence-transformers")
        }
        compare("pooling", own.pooling?.rawValue, theirs.pooling?.rawValue)
        compare("normalize", own.normalize, theirs.normalize)
        if let refused = theirs.unsupported {
            notes.append("sentence-transformers would differ: \(refused.reason)")
        }
        for role in own.prompts.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            // A template with more than a text before the content is not in their files.
            guard let prompt = own.prompts[role], let other = theirs.prompts[role],
                SentenceTransformersSettings.prefix(of: prompt) != nil
            else { continue }
            compare(
                "the prompt of \(role.rawValue)", prompt.debugDescription,
                other.debugDescription)
        }
        if let length = theirs.truncatedLength {
            notes.append(
                "sentence-transformers cuts vectors to \(length) components; here the setting "
                    + "dimensions does")
        }
        return notes
    }
}
