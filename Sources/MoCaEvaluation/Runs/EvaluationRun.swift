// Runs a benchmark and writes `scores.json`.

package import Foundation
package import MoCaEmbedding
package import MoCaSettings
import MoCaTables
import MoCaVectors

/// One run of a benchmark.
///
///     var run = EvaluationRun(embedder: embedder, model: fingerprint, data: data, output: folder)
///     let report = try await run.mmeb()
package struct EvaluationRun: Sendable {
    /// The embedder of the model under evaluation.
    package var embedder: Embedder
    /// The cache key of the weights, such as the model's fingerprint. Vectors are cached under it
    /// and the settings they are computed with.
    package var model: String
    /// The folder of the sets, or one set.
    package var data: URL
    /// The root of relative image paths; nil uses `data` (MMEB) or the corpus of a set.
    package var images: URL?
    /// The folder of scores and cached vectors.
    package var output: URL
    /// The sets to score; all of them when empty.
    package var subsets: [String] = []
    /// The part of each set to score; nil scores all.
    package var part: EvaluationPart?
    /// Whether the vectors of each set are written beside its scores.
    package var savesVectors = false
    /// Whether the document with the id of a query is left out of the query's ranking; nil follows
    /// the rules of each retrieval set.
    package var ignoresIdenticalIDs: Bool?
    /// What queries are embedded for; nil for the embedder's own instruction. Documents and
    /// candidates always take the embedder's own.
    package var queryInstruction: String?
    /// Settings that `scores.json` records in addition to the conditions of the vectors.
    package var settings: [String: JSON] = [:]
    /// The approximate number of tokens to embed before their vectors are saved.
    var windowTokens = WindowMeter.tokenCountMax
    /// Called on each progress event.
    package var tell: @Sendable (EvaluationEvent) -> Void = { _ in }
    /// Called between batches; if true, the run ends and can be continued.
    package var isInterrupted: @Sendable () -> Bool = { false }

    package init(embedder: Embedder, model: String, data: URL, output: URL) {
        (self.embedder, self.model) = (embedder, model)
        (self.data, self.output) = (data, output)
    }

    /// The result of a run.
    package struct Report: Sendable {
        package let scores: Scores
        /// The number of inputs that were embedded; the others were cached.
        package let embeddedCount: Int
        /// The duration of each set in seconds.
        package let seconds: [String: Double]
        package let suite: BenchmarkSuite
    }

    /// The result of one set.
    struct ScoredSet {
        var score: SetScore
        let outcomes: [QueryOutcome]
        /// A digest of the set's contents.
        let data: String
        /// Whether all queries, documents and candidates of the set were scored.
        var isWhole = true
    }

    /// Scores every set with `score`, and writes `NAME_queries.jsonl` for each and `scores.json`.
    ///
    /// The files of an earlier run are removed first, starting with its `scores.json`: an
    /// incomplete run has no scores.
    ///
    /// - Throws: errors of `score`, `EvaluationError`.
    func scoreAll(
        _ folders: [URL], _ suite: BenchmarkSuite,
        _ score: (URL, inout CachedEmbedder) async throws -> ScoredSet
    ) async throws -> Report {
        if queryInstruction != nil { try embedder.requireInstruction() }
        let conditions = embedder.conditions(model: model)
        let cache = try VectorStore(cacheIn: cacheFolder, of: conditions)
        // Shared by the whole run: inputs in several sets are embedded once.
        var cached = cachedEmbedder(cache)
        try Scores.removeFiles(of: folders.map(\.lastPathComponent), in: output)
        var results: [String: BenchmarkSuite.SetResult] = [:]
        var scores = Scores(sets: [:], settings: conditions.settings)
        scores.settings.merge(allSettings) { _, ours in ours }
        var (seconds, isWhole) = ([String: Double](), true)
        for (number, folder) in folders.enumerated() {
            let name = folder.lastPathComponent
            tell(.started(set: name, number: number + 1, of: folders.count))
            let start = ContinuousClock.now
            let found = try await score(folder, &cached)
            seconds[name] = (ContinuousClock.now - start) / .seconds(1)
            scores.outcomes[name] = try found.outcomes.write(set: name, to: output)
            results[name] = BenchmarkSuite.SetResult(
                score: found.score, found.outcomes, set: name, in: suite)
            scores.data[name] = found.data
            isWhole = isWhole && found.isWhole
            tell(.finished(set: name, found.score))
        }
        (scores.sets, scores.groups) = (
            results.mapValues(\.score), suite.means(results, ofPart: !isWhole)
        )
        // A part that leaves nothing out is no part.
        scores.settings["part"] = isWhole ? nil : part?.setting
        try scores.write(to: output.appending(path: Scores.fileName))
        return Report(
            scores: scores, embeddedCount: cached.embeddedCount, seconds: seconds, suite: suite)
    }

    /// The folder of cached vectors.
    var cacheFolder: URL { output.appending(path: "cache") }

    /// The requested settings, in addition to those of the vectors.
    private var allSettings: [String: JSON] {
        var all = settings
        all["data"] = .string(data.path)
        all["images"] = images.map { .string($0.path) }
        // Sorted: the order of the names does not affect scores.
        let names = Set(subsets).sorted().joined(separator: ", ")
        all["subsets"] = subsets.isEmpty ? nil : .string(names)
        all["query_instruction"] = queryInstruction.map { .string($0) }
        return all
    }

    /// The embedder of all sets of the run, which finds cached vectors in `cache`.
    func cachedEmbedder(_ cache: VectorStore) -> CachedEmbedder {
        var cached = CachedEmbedder(
            embedder, cache, reuse: .sameWindow,
            progress: { [tell] in tell(.progressed($0)) },
            willEmbed: { [isInterrupted, output] kept in
                guard !isInterrupted() else {
                    throw EvaluationError.interrupted(output: output.path, kept: kept)
                }
            })
        cached.windowTokens = windowTokens
        return cached
    }

    /// The folders of the sets: the folder itself, or the folders in it that satisfy `isSet`. Sets
    /// that cannot be scored are rejected here, before anything is embedded.
    ///
    /// - Throws: `EvaluationError.noSets`, `.setMissing`, `.setRefused`, `.sameSet`,
    ///   `.cannotRead`.
    static func setFolders(
        _ data: URL, subsets: [String], _ suite: BenchmarkSuite, layout: String,
        _ isSet: (URL) throws -> Bool
    ) throws -> [URL] {
        var folders: [URL] = []
        do {
            if try isSet(data) {
                folders = [data]
            } else {
                // Listed by path: the URL of a symbolic link to a folder is not a folder.
                let names = try FileManager.default.contentsOfDirectory(atPath: data.path)
                folders = try names.filter { !$0.hasPrefix(".") }
                    .map { data.appending(path: $0, directoryHint: .isDirectory) }
                    .filter { try isFolder($0) && isSet($0) }
            }
        } catch {
            throw EvaluationError.cannotRead(
                folder: data.path, reason: error.localizedDescription)
        }
        guard !folders.isEmpty else {
            throw EvaluationError.noSets(folder: data.path, layout: layout)
        }
        folders.sort { $0.lastPathComponent < $1.lastPathComponent }
        let chosen = try subsets.isEmpty ? folders : self.folders(subsets, among: folders, data)
        try check(chosen, suite)
        return chosen
    }

    private static func folders(
        _ names: [String], among folders: [URL], _ data: URL
    ) throws -> [URL] {
        try names.map { name in
            guard let folder = folders.first(where: { $0.lastPathComponent == name }) else {
                throw EvaluationError.setMissing(
                    name: name, folder: data.path, known: folders.map(\.lastPathComponent))
            }
            return folder
        }
    }

    /// Rejects sets that cannot be scored, and two folders of one set, which a mean would count
    /// twice.
    private static func check(_ folders: [URL], _ suite: BenchmarkSuite) throws {
        var seen: [String: String] = [:]
        for name in folders.map(\.lastPathComponent) {
            let set = suite.aliases[name] ?? name
            if let reason = suite.refused[set] ?? suite.refused[name] {
                throw EvaluationError.setRefused(name: name, reason: reason)
            }
            if let other = seen.updateValue(name, forKey: set) {
                throw EvaluationError.sameSet(name: set, folders: [other, name])
            }
        }
    }
}
