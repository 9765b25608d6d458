import MoCaCore
import Foundation
import MoCaHub
import Testing

@testable import MoCaDataPreparation

struct ManifestTests {
    private func manifest(_ yaml: String) throws -> DataManifest {
        try DataManifest(yaml: yaml, file: URL(fileURLWithPath: "/m/manifest.yaml"))
    }

    @Test func everyKeyIsRead() throws {
        let read = try manifest(
            """
            output: ../out
            sources:
              - hub: org/name
                type: model
                revision: v1
                fetch: http
                name: first
                files: ["*.parquet"]
                except: ["x*"]
                to: tables
                verify:
                  - {file: a.parquet, size: 1_000, sha256: \(String(repeating: "aB", count: 32))}
                archives:
                  - files: ["z/*.zip"]
                    into: images
                    entries: ["a/*"]
                    strip: 1
                    unpacked_bytes: 10
                    unpacked_bytes_max: 20
                    keep: true
              - url: https://example.org/path/data.bin?x=1
                size: 5
              - path: local
                files: ["*"]
            """)
        #expect(read.output?.path == "/out")
        let first = read.sources[0]
        #expect(
            first.origin
                == .hub(
                    HubRepository(
                        name: "org/name", kind: .model, revision: "v1", fetcher: .http)))
        #expect(first.name == "first" && first.folder.text == "tables")
        #expect(first.files.map(\.description) == ["*.parquet"])
        #expect(
            first.checks["a.parquet"]
                == FileCheck(size: 1000, sha256: String(repeating: "ab", count: 32)))
        let rule = first.archives[0]
        #expect(rule.folder.text == "images" && rule.strip == 1 && rule.keeps)
        #expect(rule.unpackedBytes == 10 && rule.unpackedBytesMax == 20)
        #expect(
            read.sources[1].origin
                == .url("https://example.org/path/data.bin?x=1", name: "data.bin"))
        #expect(read.sources[1].checks == ["data.bin": FileCheck(size: 5, sha256: nil)])
        #expect(read.sources[2].origin == .folder(URL(fileURLWithPath: "/m/local/")))
        #expect(read.sources[2].name == "local")
    }

    @Test func allProblemsAreNamedAtOnce() throws {
        let yaml = """
            colour: red
            sources:
              - {hub: name, files: ["*"]}
              - {hub: a/b, url: "http://example.org/f"}
              - {url: "ftp://example.org/f"}
              - {path: p}
              - {path: p, files: x, to: ../up}
              - {hub: c/d, type: space, files: ["*"], archives: [{into: /tmp}]}
              - {url: "http://example.org/g", sha256: 12, size: -1, archives: [{strip: x, keep: 3}]}
            """
        #expect {
            try manifest(yaml)
        } throws: { error in
            guard case PreparationError.badManifest(_, let problems) = error else { return false }
            let texts = problems.map(\.description)
            let expected = [
                "sources[0].hub is 'name', must be ORG/NAME",
                "sources[1] must have one of hub, url and path, has hub and url",
                "sources[1] takes no files: give files, archives or both",
                "sources[2].url is 'ftp://example.org/f', must begin with http:// or https://",
                "sources[3] takes no files: give files, archives or both",
                "sources[4].to is refused: the path leaves its folder",
                "sources[4].files must be a list of patterns",
                "sources[5].type is 'space', must be one of dataset, model",
                "sources[5].archives[0].files is missing, must be a list of patterns",
                "sources[5].archives[0].into is refused: the path is absolute",
                "sources[6].archives[0].strip is 'x', must be an integer of at least 0",
                "sources[6].archives[0].keep is '3', must be true or false",
                "sources[6].size is '-1', must be an integer of at least 0",
                "sources[6].sha256 is '12', must be 64 hexadecimal digits",
                "colour is unknown (known here: output, sources)",
                "sources[4].name is 'p' again: give it another",
            ]
            for text in expected {
                #expect(texts.contains(text), "\(texts)")
            }
            return true
        }
    }

    @Test func whatIsNoManifestIsRefused() {
        #expect(throws: PreparationError.self) { try manifest("") }
        #expect(throws: PreparationError.self) { try manifest("sources: [") }
        #expect(throws: PreparationError.self) { try manifest("sources: []") }
    }

    @Test(arguments: [
        "moca-cl-pairs", "mmeb-train", "mmeb-eval", "mme5-synthetic", "m-beir-oven", "pretraining",
    ])
    func shippedManifestsAreRead(name: String) throws {
        let file = packageRoot.appending(path: "manifests/\(name).yaml")
        let read = try DataManifest(contentsOf: file)
        #expect(read.output != nil && !read.sources.isEmpty)
        #expect(
            read.sources.allSatisfy { source in
                if case .hub = source.origin { true } else { false }
            })
    }

    /// What is listed for MoCa-CL-Pairs, under both names that the parts have in its documents.
    @Test(arguments: ["visrag_syn.tar.gz.part_", "visrag_syn.part_"])
    func eitherNameOfThePartsFits(stem: String) throws {
        let file = packageRoot.appending(path: "manifests/moca-cl-pairs.yaml")
        let source = try DataManifest(contentsOf: file).sources[0]
        let folder = "supplement_images_zip/"
        let names = ["TAT-DQA", "ArxivQA", "colpali_tevatron", "visrag_ind"]
        let parts = ["aa", "ab", "ac", "ad", "ae"].map { folder + stem + $0 }
        let listed = names.map { folder + $0 + ".tar.gz" } + parts + ["Subset/train.parquet"]
        let units = try PreparationUnit.units(
            of: source, files: listed.map { ListedFile(path: $0) }, commit: nil)
        #expect(units.count == 6 && units[0].files.map(\.path) == ["Subset/train.parquet"])
        #expect(units.last?.files.map(\.path) == parts)
    }

    @Test(arguments: [
        ("*.zip", "a/b.zip", true), ("a?.x", "ab.x", true), ("{a,b}.{x,y}", "b.y", true),
        ("a{.t,}.part", "a.part", true), ("[ab].x", "c.x", false), ("a/*", "b/a/c", false),
        ("*", ".hidden/x", true),
    ])
    func globs(pattern: String, path: String, fits: Bool) {
        #expect(Glob(pattern).matches(path) == fits)
    }

    @Test func partsAreSortedAndWhole() throws {
        func groups(_ paths: [String]) throws -> [[String]] {
            try ArchiveParts.groups(of: paths.map { ListedFile(path: $0) })
                .map { $0.files.map(\.path) }
        }
        #expect(
            try groups(["b.zip", "x.part-01", "x.part-00", "y.002", "y.001"])
                == [["b.zip"], ["x.part-00", "x.part-01"], ["y.001", "y.002"]])
        #expect(try groups((1...11).map { "z.part\($0)" })[0].last == "z.part11")
        // More than a number holds: no part of anything.
        let long = String(repeating: "z", count: 20)
        let digits = String(repeating: "9", count: 40)
        #expect(
            try groups(["x.part_\(long)", "x.part\(digits)"])
                == [["x.part\(digits)"], ["x.part_\(long)"]])
        #expect(throws: PreparationError.missingPart(archive: "x", part: "x.part_ab")) {
            try groups(["x.part_aa", "x.part_ac"])
        }
        #expect(throws: PreparationError.missingPart(archive: "x", part: "x.part-00")) {
            try groups(["x.part-02", "x.part-03"])
        }
    }
}
