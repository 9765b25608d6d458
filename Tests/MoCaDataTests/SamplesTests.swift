import Foundation
import MoCaCore
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct SamplesTests {
    let here = RecordLocation(file: "x.jsonl", place: .line(3))
    let store = ImageStore(root: fixtures)

    private func content(
        _ text: String, images: Int, _ syntax: PlaceholderSyntax = .anyKnown, drops: Bool = false
    ) throws -> String {
        let sources = (0..<images).map { ImageSource.encoded(Data(), name: "\($0)") }
        let content = try Content(
            text: text, images: sources, syntax: syntax, dropsPlaceholders: drops, location: here,
            field: "text")
        return content.segments.map { segment in
            switch segment {
            case .text(let text): "'\(text)'"
            case .image(let source): source.name
            }
        }.joined(separator: " ")
    }

    @Test func placeholdersBecomeImages() throws {
        let mark = Placeholders.vision
        #expect(try content("a\(mark)b\(mark)c", images: 2) == "'a' 0 'b' 1 'c'")
        #expect(try content("\(mark)\(mark)", images: 2, .vision) == "0 1")
        #expect(try content("<|image_1|>\nFind it", images: 1) == "0 '\nFind it'")
        #expect(try content("no mark", images: 2, .vision) == "0 1 'no mark'")
        #expect(try content("", images: 1) == "0")
        #expect(try content("<|image_1|>\nFind it", images: 0, drops: true) == "'\nFind it'")
        #expect(try content("a<|image_1|>", images: 0, .vision) == "'a<|image_1|>'")
        #expect(
            try content("<|image_|> <|image_1| < é<", images: 0) == "'<|image_|> <|image_1| < é<'")
        #expect(
            dataError { _ = try content("\(mark)\(mark)", images: 1) }
                == .placeholderCount(here, field: "text", placeholders: 2, images: 1))
        #expect(
            dataError { _ = try content("<|image_1|>", images: 0) }
                == .placeholderCount(here, field: "text", placeholders: 1, images: 0))
        #expect(
            dataError { _ = try content("<|image_1|>", images: 0, drops: true) }
                == .emptyContent(here, field: "text"))
        #expect(
            dataError { _ = try content("a <|image_pad|>", images: 0) }
                == .strayImageToken(here, field: "text", token: "<|image_pad|>"))
    }

    @Test func contrastiveSamplesOfAllThreeLayouts() throws {
        let plain = try Catalog<ContrastiveSample>(
            folders: [fixture("contrastive/plain.parquet")], images: store)
        let lists = try Catalog<ContrastiveSample>(
            folders: [fixture("contrastive/lists.parquet")], images: store)
        let literals = try Catalog<ContrastiveSample>(
            folders: [fixture("contrastive/literals.parquet")], images: store)
        for row in 0..<plain.rowCount {
            let one = try plain.sample(SampleID(subset: "plain", row: row))
            let two = try lists.sample(SampleID(subset: "lists", row: row))
            let three = try literals.sample(SampleID(subset: "literals", row: row))
            #expect(one.query == two.query && one.positive == two.positive)
            #expect(one.negatives.count == 1 && two.negatives.count == 2)
            #expect(one.negatives[0] == two.negatives[0])
            #expect(two.negatives == three.negatives)
            #expect(two.query == three.query)
        }
        let first = try plain.sample(SampleID(subset: "plain", row: 0))
        #expect(first.query.images.isEmpty)
        #expect(first.positive.images.count == 1)
        #expect(first.positive.segments.last == .text("\nRepresent the given image.\n"))
    }

    @Test func pretrainSamplesOfBytesAndPaths() throws {
        let bytes = try Catalog<PretrainSample>(folders: [fixture("pretrain")], images: store)
        let golden = try JSONSerialization.jsonObject(
            with: Data(contentsOf: fixture("pretrain/bytes.expected.json")))
        let expected = try #require(golden as? [[String: Any]])
        for row in 0..<bytes.rowCount {
            let sample = try bytes.sample(SampleID(subset: "pretrain", row: row))
            guard let images = expected[row]["images"] as? [[String: String]] else { continue }
            #expect(sample.content.images.count == images.count)
            for (source, image) in zip(sample.content.images, images) {
                guard case .encoded(let data, _) = source else { continue }
                #expect(data == image["base64"].flatMap { Data(base64Encoded: $0) })
            }
            #expect(sample.source == expected[row]["source"] as? String)
        }
        let paths = try Catalog<PretrainSample>(folders: [fixture("pretrain-paths")], images: store)
        let counts = try (0..<4).map { row in
            try paths.sample(SampleID(subset: "pretrain-paths", row: row)).content.images.count
        }
        #expect(counts == [2, 0, 1, 1])
    }

    @Test func benchmarkSamples() throws {
        let catalog = try Catalog<BenchmarkSample>(folders: [fixture("benchmark")], images: store)
        let samples = try (0..<catalog.rowCount).map {
            try catalog.sample(SampleID(subset: "benchmark", row: $0))
        }
        #expect(samples.map(\.candidates.count) == [3, 3, 13, 13, 4, 4])
        #expect(samples[0].candidates.allSatisfy { $0.images.count == 1 })
        #expect(samples[2].query.images.count == 1)
    }

    @Test(arguments: [("vidore", ["10", "11", "12"]), ("vidore3", ["a", "b", "c"])])
    func retrievalSets(folder: String, ids: [String]) throws {
        let set = try RetrievalSet(folder: fixture(folder))
        #expect(set.queries.map(\.id) == ["1", "2"])
        #expect(set.queries.map(\.language) == ["en", "de"])
        let keys = ids.map { ExactText($0) }
        #expect(set.relevance == ["1": [keys[0]: 2, keys[1]: 1], "2": [keys[2]: 2]])
        var pages: [String] = []
        try set.forEachDocument { record in
            pages.append(record.id)
            #expect(record.documentID == "d")
            switch try record.page(in: set.images) {
            case .encoded(let data, _): #expect(data.starts(with: [0xff, 0xd8]))
            case .file(let url): #expect(url.lastPathComponent == "on-disk.jpg")
            }
        }
        #expect(pages == ids)
    }

    @Test func aMissingImageNamesRecordAndFile() throws {
        let wrong = ImageStore(root: URL(fileURLWithPath: "/nowhere"))
        let catalog = try Catalog<ContrastiveSample>(
            folders: [fixture("contrastive/plain.parquet")], images: wrong)
        let error = dataError { _ = try catalog.sample(SampleID(subset: "plain", row: 6)) }
        guard case .imageMissing(let location, let path) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(location.place == .row(6, block: 1))
        #expect(path.hasPrefix("/nowhere/images/"))
    }

    @Test func dataURLs() throws {
        let image = try store.source("data:image/png;base64,AQID", at: here)
        #expect(image == .encoded(Data([1, 2, 3]), name: "x.jsonl, line 3, data: URL"))
        for bad in [
            "data:image/png,AQID", "data:image/png;base64,***", "data:image/png;base64,", "data:",
        ] {
            guard case .unreadableDataURL = dataError({ _ = try store.source(bad, at: here) })
            else {
                Issue.record("\(bad) must be refused")
                continue
            }
        }
    }
}
