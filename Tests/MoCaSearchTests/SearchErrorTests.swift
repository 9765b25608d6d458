import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Testing
import MoCaVectors
@testable import MoCaSearch

/// Every case, exact text.
struct SearchErrorTests {
    @Test(
        arguments: [
            (
                SearchError.pathMissing(path: "P"), .inputMissing,
                "path cannot be indexed (P): there is no such file or folder; check the path"
            ),
            (
                .folderUnreadable(path: "P", reason: "R"), .inputMissing,
                "folder cannot be indexed (P): R; "
                    + "give yourself the right to read it, or leave it out"
            ),
            (
                .nothingToIndex(paths: ["P", "Q"]), .inputMissing,
                "nothing can be indexed (P, Q): there are no images and no texts; name images, "
                    + ".txt, .md or .jsonl files, or folders of them"
            ),
            (
                .notText(path: "P"), .badData,
                "text cannot be read (P): it is not UTF-8; convert it to UTF-8"
            ),
            (
                .noIndex(folder: "F"), .inputMissing,
                "index is missing (F): the folder has no manifest.json; make an index there "
                    + "first"
            ),
            (
                .damagedIndex(file: "F", reason: "R"), .badData,
                "index cannot be read (F): R; remove the folder, and make the index again"
            ),
            (
                .otherModel(index: "I", made: "A", given: "B"), .badConfiguration,
                "model does not fit the index (I): it was made with A, not B; use the model that "
                    + "made it, or make a new index"
            ),
            (
                .otherModel(index: "I", made: "A", given: "A"), .badConfiguration,
                "model does not fit the index (I): the files of A have changed since the index "
                    + "was made; use the model that made it, or make a new index"
            ),
            (
                .otherIndexSettings(index: "I", differences: ["A", "B"]), .badConfiguration,
                "settings do not fit the index (I): it was made with A and B; leave these settings "
                    + "out, or make a new index"
            ),
            (
                .cannotWrite(path: "P", reason: "R"), .cannotCreateOutput,
                "index cannot be written (P): R; check the path, its permissions and the free space"
            ),
            (
                .interrupted(index: "I", items: 3), .interrupted,
                "indexing was interrupted (I): 3 items done and kept; run the same command "
                    + "again to go on"
            ),
            (
                .filesLeftOut(index: "I", count: 2), .badData,
                "files were left out (I): 2 cannot be embedded; mend or remove the files listed "
                    + "above, and run it again"
            ),
            (
                .scoreNotFinite(query: 3, document: 7), .badData,
                "similarity is not finite (query 3, document 7): the model gave NaN or infinity; "
                    + "check the weights for NaN or infinity, and run in float32"
            ),
            (
                .badSetting(name: "N", value: "0", allowed: "A"), .badConfiguration,
                "setting cannot be used (N): it is 0, allowed is A; set it within the range"
            ),
            (
                .outputExists(folder: "F"), .cannotCreateOutput,
                "output cannot be written (F): the folder is there already; resume it, name "
                    + "another output, or remove it"
            ),
            (
                .otherSettings(folder: "F", names: ["model", "source"]), .badConfiguration,
                "mining cannot be continued (F): it has another model, source; name another "
                    + "output, or remove the folder"
            ),
            (
                .damagedReport(file: "F"), .badData,
                "mining cannot be continued (F): it is no report of mining; name another output, "
                    + "or remove the folder"
            ),
            (
                .emptySubset(name: "N"), .badData,
                "nothing to mine (N): the subset has no records; leave it out"
            ),
            (
                .shardedSubset(name: "N"), .badData,
                "cannot mine (N): its records are WebDataset shards, and what is written could not "
                    + "name the images in them; unpack the shards, and write the records as JSON "
                    + "lines with the paths of the images"
            ),
            (
                .recordsLeftOut(count: 2, total: 9, output: "O"), .badData,
                "records were left out (O): 2 of 9 could not be embedded; correct those that "
                    + "`failed` of mining.json names"
            ),
            (
                .cannotWriteMined(path: "P", reason: "R"), .cannotCreateOutput,
                "output cannot be written (P): R; check the path, its permissions and the free "
                    + "space"
            ),
            (
                .miningInterrupted(output: "O", kept: 3), .interrupted,
                "mining was interrupted (O): 3 vectors are kept; run it again, and "
                    + "resume"
            ),
        ] as [(SearchError, FailureKind, String)])
    func texts(_ error: SearchError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }

    @Test func damageIsFound() async throws {
        let folder = try TemporaryFolder()
        #expect(throws: SearchError.noIndex(folder: folder.url.path)) {
            try SearchIndex(opening: folder.url)
        }
        try folder.write("a text", to: "texts/a.txt")
        let index = folder.url.appending(path: "index")
        _ = try await Fixtures.builder(index).update(paths: [folder.url.appending(path: "texts")])
        let manifest = try String(
            contentsOf: index.appending(path: "manifest.json"), encoding: .utf8)
        for (file, text) in [
            ("index/items.1.jsonl", ""), ("index/items.1.jsonl", "{}\n"),
            ("index/manifest.json", "{}"),
            (
                "index/manifest.json",
                manifest.replacing("\"vector_length\" : 32", with: "\"vector_length\" : 31")
            ),
            ("index/manifest.json", manifest.replacing("\"format\" : 3", with: "\"format\" : 5")),
        ] {
            let before = try Data(contentsOf: folder.url.appending(path: file))
            try folder.write(text, to: file)
            #expect(throws: SearchError.self) { try SearchIndex(opening: index) }
            try before.write(to: folder.url.appending(path: file))
        }
        #expect(try SearchIndex(opening: index).items.count == 1)
    }

    /// A vector that is not finite, of each kind of index, in a search and in an update.
    @Test(arguments: ["model/checkpoint_newer", "families/colqwen2_5"])
    func vectorsThatAreNotFiniteAreNamed(model: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write("a text", to: "texts/a.txt")
        try folder.write("another", to: "texts/b.txt")
        let index = folder.url.appending(path: "index")
        let model = Fixtures.folder.appending(path: model)
        let builder = try await Fixtures.builder(index, model: model)
        _ = try await builder.update(paths: [folder.url.appending(path: "texts")])
        let file = index.appending(path: "vectors.1.safetensors")
        var bytes = try Data(contentsOf: file)
        // The last number of the last item.
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0xff, 0xff, 0xff, 0x7f])
        try bytes.write(to: file)
        let error = SearchError.damagedIndex(
            file: file.path, reason: "the vector of b.txt#1 is not finite")
        let query = try await Embedder(loading: model).embed([.text("a")])[0]
        let damaged = try SearchIndex(opening: index)
        #expect(throws: error) { try damaged.best(query, count: 1) }
        await #expect(throws: error) { try await builder.update() }
    }

    @Test func anIndexOfAnotherModelIsRefused() async throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: Fixtures.checkpoint, to: model)
        let index = folder.url.appending(path: "index")
        try folder.write("a text", to: "texts/a.txt")
        let texts = folder.url.appending(path: "texts")
        _ = try await Fixtures.builder(index, model: model).update(paths: [texts])
        var options = EmbedderOptions()
        options.pooling = .last
        let identity = try ModelIdentity(of: model, options)
        let error = SearchError.otherModel(
            index: index.path, made: model.path, given: model.path)
        #expect(throws: error) { try SearchIndex(opening: index).require(identity) }
        let other = try await Fixtures.builder(index, model: model, options: options)
        let settings = SearchError.otherIndexSettings(
            index: index.path, differences: ["pooling of the model (this run gives last)"])
        await #expect(throws: settings) { try await other.update(paths: [texts]) }
        try SearchIndex(opening: index).require(ModelIdentity(of: model, EmbedderOptions()))
    }
}
