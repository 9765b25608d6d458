// MMEB (Jiang et al., "VLM2Vec", 2024): each query has its own candidates, of which the first is
// right.

package import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSystem
import MoCaTables
import MoCaVectors

extension EvaluationRun {
    /// Scores sets in the layout of MMEB. Each (text, image) pair is embedded once over all sets; a
    /// tie for the best candidate is a miss.
    ///
    /// The model's prompts are applied to queries (`query`) and candidates (`document`, or
    /// `document_image` with an image); without prompts, texts are used unchanged.
    ///
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`.
    package func mmeb() async throws -> Report {
        let folders = try Self.mmebSets(in: data, subsets: subsets)
        let report = try await scoreAll(folders, .mmeb) { folder, embedder in
            let (set, rows) = try await embedMMEB(folder, with: &embedder)
            let matrix = try embedder.cache.matrix()
            if savesVectors { try set.write(matrix, rows, to: output) }
            var scored = try set.score(matrix, rows)
            scored.isWhole = set.isWhole
            return scored
        }
        try report.scores.writeMMEB(to: output)
        return report
    }

    /// Embeds the inputs of a set.
    ///
    /// - Returns: the set, and the embedder's row of each of its inputs.
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`.
    func embedMMEB(
        _ folder: URL, with embedder: inout CachedEmbedder
    ) async throws -> (set: MMEBSet, rows: [Int]) {
        var set = try MMEBSet(folder, images: images ?? data, part: part ?? EvaluationPart())
        embedder.progress.begin("inputs of \(folder.lastPathComponent)", total: set.inputCount)
        let rows = try await set.rows(with: &embedder, instruction: queryInstruction)
        return (set, rows)
    }

    /// The folders of the sets to score: those of `subsets`, or all.
    ///
    /// - Throws: `EvaluationError.noSets`, `.setMissing`, `.setRefused`, `.sameSet`,
    ///   `.cannotRead`, `DataError`.
    package static func mmebSets(in data: URL, subsets: [String]) throws -> [URL] {
        let folders = try setFolders(
            data, subsets: subsets, .mmeb, layout: "test.parquet", hasRecords)
        for folder in folders { try requireWholeTexts(folder) }
        return folders
    }

    private static func hasRecords(_ folder: URL) throws -> Bool {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.contains { name in
            !name.hasPrefix(".")
                && RecordFormat(folder.appending(path: name))?.isWebDataset == false
        }
    }

    /// Rejects the files of MMEB-V2's image sets (ziyjiang/MMEB_Test_Instruct), whose texts lack
    /// their instructions: their scores would not be comparable.
    private static func requireWholeTexts(_ folder: URL) throws {
        let catalog = try Catalog<BenchmarkSample>(
            folders: [folder], images: ImageStore(root: folder))
        guard catalog.rowCount > 0 else { return }
        let name = catalog.subsets[0].name
        let record = try catalog.record(SampleID(subset: name, row: 0))
        guard record.queryInstruction?.isEmpty ?? true else {
            throw EvaluationError.setRefused(
                name: name,
                reason:
                    "its instructions are apart from its texts (qry_inst), as MMEB-V2 has them; "
                    + "MMEB's own files hold the same queries with their instructions")
        }
    }
}
