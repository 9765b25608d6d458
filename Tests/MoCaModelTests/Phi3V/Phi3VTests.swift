import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Testing
import Torch

@testable import MoCaModel

@Suite struct Phi3VTests {
    static let folder = Repository.fixtures.appending(path: "families/vlm2vec_phi3v")

    private struct Rules: Decodable {
        var whole: [Whole]
        var rotary: [Rotary]

        /// The taps of some pixels of a row of `length` pixels, reduced to 336: places and weights.
        struct Whole: Decodable {
            var length: Int
            var taps: [[[Float]]]
            var at: [Int]
        }

        /// The tables of tokens 1 and 39 of a sequence.
        struct Rotary: Decodable {
            var length: Int
            var cos: [[Float]]
            var sin: [[Float]]
        }
    }

    private static func rules() throws -> Rules {
        let file = Repository.fixtures.appending(path: "families/squares.json")
        return try JSONDecoder().decode(Rules.self, from: Data(contentsOf: file))
    }

    private static func configuration() throws -> Phi3VConfiguration {
        try #require(PretrainedModel.configuration(of: folder) as? Phi3VConfiguration)
    }

    /// The width is in the file, the other sizes of the tower in the weights alone.
    @Test func theTowersSizesAreThoseOfTheWeights() throws {
        let data = try Data(contentsOf: Self.folder.appending(path: "config.json"))
        let alone = try Phi3VConfiguration(parsing: data, file: "config.json")
        #expect(alone.vision.layerCount == 24 && alone.vision.intermediateSize == 256)
        let vision = try Self.configuration().vision
        #expect(vision.layerCount == 3 && vision.usedLayerCount == 2)
        #expect(vision.intermediateSize == 80 && vision.headCount == 1)
    }

    @Test func aWrittenFileReadsBack() throws {
        let data = try Data(contentsOf: Self.folder.appending(path: "config.json"))
        var found = try Phi3VConfiguration(parsing: data, file: "config.json")
        let again = try Phi3VConfiguration(parsing: found.fileData(), file: "config.json")
        #expect(!found.knowsVisionLayers)
        found.knowsVisionLayers = true
        #expect(again == found)
    }

    @Test(arguments: [nil, 1.25] as [Double?])
    func theFactorOfRotaryTablesIsWritten(factor: Double?) throws {
        let file = Self.folder.appending(path: "config.json")
        var object = try #require(JSON(parsing: Data(contentsOf: file)).object)
        var scaling = try #require(object["rope_scaling"]?.object)
        scaling["attention_factor"] = factor.map { .number($0) }
        object["rope_scaling"] = .object(scaling)
        let found = try Phi3VConfiguration(
            parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
        let data = try found.fileData()
        let again = try Phi3VConfiguration(parsing: data, file: "config.json")
        #expect(again.text == found.text)
        let written = try JSON(parsing: data).object?["rope_scaling"]?.object
        #expect(written?["attention_factor"]?.number == factor)
    }

    /// Saving leaves out the tower's last layer, which is not computed; the file counts it still.
    @Test func savingTwiceKeepsTheLayers() throws {
        let found = try Self.configuration()
        try withTemporaryFolder { folder in
            var source = Self.folder
            for name in ["first", "second"] {
                let copy = folder.appending(path: name)
                try FileManager.default.createDirectory(
                    at: copy, withIntermediateDirectories: true)
                try PretrainedModel(loading: source, LoadOptions())
                    .save(to: copy, dtype: .bfloat16)
                let again = try PretrainedModel.configuration(of: copy) as? Phi3VConfiguration
                #expect(again == found && again?.vision.usedLayerCount == 2)
                source = copy
            }
        }
    }

    @Test(arguments: [
        ("embd_layer", JSON.object(["hd_transform_order": .string("glb_sub")])),
        ("img_processor", .object(["name": .string("siglip")])),
        (
            "rope_scaling",
            .object([
                "type": .string("su"), "short_factor": .array([.number(1)]),
                "long_factor": .array([]),
            ])
        ), ("sliding_window", .integer(100)),
    ])
    func whatIsNotComputedIsRefused(key: String, value: JSON) throws {
        let file = Self.folder.appending(path: "config.json")
        var object = try #require(JSON(parsing: Data(contentsOf: file)).object)
        object[key] = value
        #expect(throws: ModelError.self) {
            try Phi3VConfiguration(
                parsing: JSONFormat.document.data(JSON.object(object)), file: "config.json")
        }
    }

    /// A sequence of more than 40 tokens rotates by other frequencies, beside a shorter one too.
    @Test func rotaryTablesDependOnTheSequence() throws {
        let text = try Self.configuration().text
        let rules = try Self.rules()
        let lengths = rules.rotary.map(\.length)
        #expect(lengths == [40, 41])
        let axis = lengths.flatMap { 0..<Int32($0) }
        let table = RotaryTable.language(
            axis + axis + axis, starts: [0, 40, 81], text, dtype: .float32, device: .cpu)
        for (start, row) in zip([0, 40], rules.rotary) {
            for (token, expected) in zip([1, 39], zip(row.cos, row.sin)) {
                let found = [table.cosine, table.sine].map {
                    $0.selected(0, start + token).array(Float.self)
                }
                for (values, wanted) in zip(found, [expected.0, expected.1]) {
                    #expect(zip(values, wanted).allSatisfy { abs($0 - $1) < 1e-6 }, "\(token)")
                }
            }
        }
    }

    @Test func theWholeViewHasTorchsTaps() throws {
        for row in try Self.rules().whole {
            let weights = WholeViews.weights(from: row.length, to: 336)
            for (index, taps) in zip(row.at, row.taps) {
                let own = weights[index * row.length..<(index + 1) * row.length]
                let found = own.enumerated().filter { $0.element != 0 }
                    .map { [Float($0.offset), $0.element] }
                #expect(found.count == taps.count, "\(row.length), \(index)")
                for (a, b) in zip(found, taps) {
                    #expect(a[0] == b[0] && abs(a[1] - b[1]) < 1e-6, "\(row.length), \(index)")
                }
            }
        }
    }

    /// Crops line by line, a separator, the whole image; a separator after each line.
    @Test func cellsFollowTheLines() {
        let crops = ImageCrops(rows: 1, columns: 2, side: 4)
        let layout = Phi3VLayout([.crops(crops)])
        #expect(layout.order.count == crops.tokenCount && layout.cells.count == 4 * 12)
        #expect(Array(layout.order.prefix(6)) == [0, 1, 2, 3, 12, 4])
        #expect(layout.order[10] == 13)
        #expect(Array(layout.cells.prefix(12)) == [0, 1, 4, 5, 2, 3, 6, 7, 16, 17, 20, 21])
        #expect(layout.cells[32] == 32)
    }
}
