import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Which folders are subsets, and what they are called.
@Suite struct SubsetFolderTests {
    private func folder(_ path: String, in root: URL, rows: Int = 3) throws -> URL {
        let folder = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lines = (0..<rows).map { "{\"text\": \"\(path) \($0)\"}" }
        try Data(lines.joined(separator: "\n").utf8).write(
            to: folder.appendingPathComponent("a.jsonl"))
        return folder
    }

    private func catalog(_ folders: [URL]) throws -> Catalog<PretrainSample> {
        try Catalog<PretrainSample>(folders: folders, images: ImageStore(root: fixtures))
    }

    @Test func linksToFoldersAreSubsets() throws {
        try withTemporaryFolder { root in
            let target = try folder("elsewhere/target", in: root)
            _ = try folder("data/real", in: root)
            let data = root.appendingPathComponent("data")
            try FileManager.default.createSymbolicLink(
                at: data.appendingPathComponent("link"), withDestinationURL: target)
            let found = try subsetFolders(in: [data])
            #expect(found.map(\.lastPathComponent) == ["link", "real"])
            #expect(try catalog(found).subsets.map(\.rowCount) == [3, 3])
        }
    }

    /// Spark writes folders that are called like files.
    @Test func foldersCalledLikeFilesAreFolders() throws {
        try withTemporaryFolder { root in
            let spark = try folder("data/real.parquet", in: root)
            let data = root.appendingPathComponent("data")
            #expect(try subsetFolders(in: [data]).map(\.path) == [spark.path])
            #expect(try catalog([spark]).subsets.map(\.name) == ["real"])
            let url = data.appendingPathComponent("b.jsonl")
            try Data("{\"text\": \"b\"}".utf8).write(to: url)
            #expect(try dataFiles(in: data).map(\.lastPathComponent) == ["b.jsonl"])
        }
    }

    @Test func onlyEndingsOfFormatsAreNoPartOfAName() throws {
        let paths = [
            "/d/v1.0", "/d/v1.5", "/d/a.parquet", "/d/b.jsonl.gz", "/d/c.tar.zst", "/x/e.en",
            "/y/e.en", "/d/f.backup.jsonl",
        ]
        #expect(
            try Catalog<PretrainSample>.names(of: paths.map { URL(fileURLWithPath: $0) })
                == ["v1.0", "v1.5", "a", "b", "c", "x/e.en", "y/e.en", "f.backup"])
    }

    /// Where a folder of weight 0 ends in the same part, the other one is still called by two.
    @Test func weightsMayNameMoreOfAPath() throws {
        let shapes = [
            SubsetShape(name: "train", blockRows: [4]), SubsetShape(name: "x", blockRows: [2]),
        ]
        #expect(
            try Mixture.weights(["b/train": 3, "x": 1]).weights(of: shapes) == [3, 1])
        for weights in [["a/train": 1.0, "b/train": 3, "x": 1], ["b/trai": 3, "x": 1]] {
            guard
                case .badWeights = dataError({
                    _ = try Mixture.weights(weights).weights(of: shapes)
                })
            else {
                Issue.record("\(weights) must be refused")
                return
            }
        }
    }

    /// A check of one folder calls its subset by one part; a recipe of two by two.
    @Test func quarantinedRecordsAreKnownByTheirFile() throws {
        try withTemporaryFolder { root in
            let (a, b) = (
                try folder("qa/train", in: root), try folder("qb/train", in: root)
            )
            let catalog = try catalog([a, b])
            #expect(catalog.subsets.map(\.name) == ["qa/train", "qb/train"])
            let file = root.path + "/qb/../qb/train/a.jsonl"
            let line = QuarantinedRecord(SampleID(subset: "train", row: 2), file: file)
            #expect(
                try catalog.renamed([line], leftOut: [:]).map(\.id)
                    == [SampleID(subset: "qb/train", row: 2)])
            for file in [nil, "/elsewhere/a.jsonl"] {
                let line = QuarantinedRecord(SampleID(subset: "train", row: 2), file: file)
                #expect(
                    dataError { _ = try catalog.renamed([line], leftOut: [:]) }
                        == .quarantinedSubsetMissing(
                            line.id, file: file, known: ["qa/train", "qb/train"]))
                #expect(try catalog.renamed([line], leftOut: nil).isEmpty)
            }
            let elsewhere = URL(fileURLWithPath: "/elsewhere")
            let other = QuarantinedRecord(
                SampleID(subset: "train", row: 2), file: "/elsewhere/a.jsonl")
            #expect(try catalog.renamed([other], leftOut: ["c/train": elsewhere]).isEmpty)
            #expect(try catalog.renamed([other], leftOut: ["train": root]).isEmpty)
        }
    }
}
