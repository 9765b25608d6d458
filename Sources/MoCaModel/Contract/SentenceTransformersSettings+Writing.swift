// Writes the files of sentence-transformers beside a model of this program.

package import Foundation
import MoCaCore
import MoCaSettings
import MoCaSystem

extension SentenceTransformersSettings {
    private static let poolingFolder = "1_Pooling"

    /// The files that describe a contract to sentence-transformers, by path.
    ///
    /// A prompt is written if it is a text before the content, which is all that
    /// sentence-transformers knows; attention and limits of pixels have no place in its files.
    ///
    /// - Parameter vectorLength: the number of components of a pooled vector.
    package static func files(
        of contract: EmbeddingContract, vectorLength: Int
    ) throws -> [String: Data] {
        var modules: [JSON] = [
            module(0, path: "", type: "sentence_transformers.models.Transformer"),
            module(1, path: poolingFolder, type: "sentence_transformers.models.Pooling"),
        ]
        if contract.normalize ?? true {
            modules.append(
                module(2, path: "2_Normalize", type: "sentence_transformers.models.Normalize"))
        }
        return [
            modulesName: try JSONFormat.document.data(JSON.array(modules)),
            "\(poolingFolder)/config.json": try JSONFormat.document.data(
                pooling(contract.pooling ?? .mean, vectorLength: vectorLength)),
            configurationName: try JSONFormat.document.data(configuration(contract)),
        ]
    }

    /// Writes the files into a model's folder.
    ///
    /// - Throws: `ModelError.cannotWrite`.
    package static func write(
        _ contract: EmbeddingContract, vectorLength: Int, to folder: URL
    ) throws {
        for (path, data) in try files(of: contract, vectorLength: vectorLength) {
            let file = folder.appending(path: path)
            do {
                try FileSystem.makeFolder(file.deletingLastPathComponent())
                try AtomicFile.write(data, to: file)
            } catch {
                throw ModelError.cannotWrite(file: file.path, reason: error.fileReason)
            }
        }
    }

    private static func module(_ index: Int, path: String, type: String) -> JSON {
        .object([
            "idx": .integer(index), "name": .string("\(index)"), "path": .string(path),
            "type": .string(type),
        ])
    }

    /// The flags that every version of sentence-transformers reads.
    private static func pooling(_ mode: PoolingMode, vectorLength: Int) -> JSON {
        .object([
            "word_embedding_dimension": .integer(vectorLength),
            "pooling_mode_cls_token": .bool(mode == .cls),
            "pooling_mode_mean_tokens": .bool(mode == .mean),
            "pooling_mode_max_tokens": .bool(false),
            "pooling_mode_mean_sqrt_len_tokens": .bool(false),
            "pooling_mode_weightedmean_tokens": .bool(false),
            "pooling_mode_lasttoken": .bool(mode == .last),
            "include_prompt": .bool(true),
        ])
    }

    private static func configuration(_ contract: EmbeddingContract) -> JSON {
        let pairs = contract.prompts.compactMap { role, template -> (String, JSON)? in
            prefix(of: template).map { (role.rawValue, .string($0)) }
        }
        return .object([
            "prompts": .object(JSONObject(Dictionary(uniqueKeysWithValues: pairs))),
            "default_prompt_name": .null, "similarity_fn_name": .string("cosine"),
        ])
    }

    /// The text before the content, if the template has nothing else.
    static func prefix(of template: String) -> String? {
        guard template.hasSuffix("{text}") else { return nil }
        let prefix = String(template.dropLast("{text}".count))
        return prefix.contains("{image}") ? nil : prefix
    }
}
