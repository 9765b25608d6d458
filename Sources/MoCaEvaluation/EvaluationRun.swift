// From a benchmark's folder to `scores.json`.

package import Foundation
import MoCaData
package import MoCaEmbedding
import MoCaSearch

/// One run of a benchmark.
///
///     var run = EvaluationRun(embedder: embedder, model: fingerprint, data: data, output: folder)
///     let report = try await run.mmeb()
package struct EvaluationRun: Sendable {
    /// The model.
    package var embedder: Embedder
    /// Tells the model and its settings from others: vectors are kept under it.
    package var model: String
    /// The folder of the sets, or one set.
    package var data: URL
    /// Image paths start here; nil takes `data` (MMEB), or the corpus of a set.
    package var images: URL?
    /// Where scores and kept vectors go.
    package var output: URL
    /// The sets to score; all of them when empty.
    package var subsets: [String] = []
    /// What of each set is scored; nil scores all.
    package var part: EvaluationPart?
    /// Whether the vectors of each set are written beside its scores.
    package var savesVectors = false
    /// What `scores.json` says about how the model was run.
    package var settings: [String: SettingValue] = [:]
    /// Told what happens.
    package var tell: @Sendable (EvaluationEvent) -> Void = { _ in }
    /// Asked between batches; true ends the run so that it can be continued.
    package var isInterrupted: @Sendable () -> Bool = { false }

    package init(embedder: Embedder, model: String, data: URL, output: URL) {
        (self.embedder, self.model) = (embedder, model)
        (self.data, self.output) = (data, output)
    }

    /// What a run gave.
    package struct Report: Sendable {
        package let scores: Scores
        /// Inputs that were embedded; the others were kept from before.
        package let embeddedCount: Int
        /// How long each set took.
        package let seconds: [String: Double]
        package let suite: BenchmarkSuite
    }

    /// What one set gave.
    struct ScoredSet {
        var score: SetScore
        let outcomes: [QueryOutcome]
        /// A digest of what the set holds.
        let data: String
    }

    /// Scores every set with `score`, writes `NAME_queries.jsonl` of each, and `scores.json`.
    ///
    /// - Throws: what `score` throws, `EvaluationError.cannotWrite`, `EvaluationRunError`.
    func scoreAll(
        _ folders: [URL], _ suite: BenchmarkSuite,
        _ score: (URL, inout CachedEmbedder) async throws -> ScoredSet
    ) async throws -> Report {
        // Before anything is computed.
        for name in folders.map(\.lastPathComponent) {
            if let reason = suite.refused[name] {
                throw EvaluationRunError.setRefused(name: name, reason: reason)
            }
        }
        let cache = try VectorCache(
            folder: output.appending(path: "cache/\(model)"), width: embedder.vectorLength)
        var cached = CachedEmbedder(
            embedder, cache, files: .bytes,
            progress: { [tell] progress in
                switch progress {
                case .found(let count): tell(.found(toEmbed: count))
                case .embedded(let count): tell(.embedded(count))
                }
            },
            willEmbed: { [isInterrupted, output] kept in
                guard !isInterrupted() else {
                    throw EvaluationRunError.interrupted(output: output.path, kept: kept)
                }
            })
        var results: [String: BenchmarkSuite.SetResult] = [:]
        var (data, seconds) = ([String: String](), [String: Double]())
        for (number, folder) in folders.enumerated() {
            let name = folder.lastPathComponent
            tell(.started(set: name, number: number + 1, of: folders.count))
            let start = ContinuousClock.now
            let found = try await score(folder, &cached)
            seconds[name] = (ContinuousClock.now - start) / .seconds(1)
            try found.outcomes.write(set: name, to: output)
            results[name] = BenchmarkSuite.SetResult(
                score: found.score, found.outcomes, set: name, in: suite)
            data[name] = found.data
            tell(.finished(set: name, found.score))
        }
        var settings = settings
        settings["part"] = part?.setting
        let scores = Scores(
            sets: results.mapValues(\.score), groups: suite.means(results, ofPart: part != nil),
            settings: settings, data: data)
        try scores.write(to: output.appending(path: "scores.json"))
        return Report(
            scores: scores, embeddedCount: cached.embeddedCount, seconds: seconds, suite: suite)
    }

    /// The sets: the folder itself, or folders in it, that `isSet` says yes to.
    ///
    /// - Throws: `EvaluationRunError.noSets`, `.setMissing`, `.cannotRead`.
    static func setFolders(
        _ data: URL, subsets: [String], layout: String, _ isSet: (URL) throws -> Bool
    ) throws -> [URL] {
        var folders: [URL] = []
        do {
            if try isSet(data) {
                folders = [data]
            } else {
                // By path: by URL, a link to a folder is none.
                let names = try FileManager.default.contentsOfDirectory(atPath: data.path)
                folders = try names.filter { !$0.hasPrefix(".") }
                    .map { data.appending(path: $0, directoryHint: .isDirectory) }
                    .filter { try isFolder($0) && isSet($0) }
            }
        } catch {
            throw EvaluationRunError.cannotRead(
                folder: data.path, reason: error.localizedDescription)
        }
        guard !folders.isEmpty else {
            throw EvaluationRunError.noSets(folder: data.path, layout: layout)
        }
        folders.sort { $0.lastPathComponent < $1.lastPathComponent }
        guard !subsets.isEmpty else { return folders }
        return try subsets.map { name in
            guard let folder = folders.first(where: { $0.lastPathComponent == name }) else {
                throw EvaluationRunError.setMissing(
                    name: name, folder: data.path, known: folders.map(\.lastPathComponent))
            }
            return folder
        }
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}
