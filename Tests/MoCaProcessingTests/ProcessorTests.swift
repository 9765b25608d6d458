import Foundation
import MoCaCore
import MoCaImage
import MoCaModel
import MoCaTestSupport
import MoCaTokenizer
import Testing
import Torch

@testable import MoCaProcessing

@Suite struct ProcessorTests {
    static let folder = Repository.fixtures.appending(path: "model/checkpoint_newer")

    static func configuration() throws -> Qwen25VLConfiguration {
        try Qwen25VLConfiguration(
            parsing: Data(contentsOf: folder.appending(path: "config.json")), file: "config.json")
    }

    static func processor(_ truncation: Truncation? = nil) throws -> Processor {
        try Processor(
            folder: folder, configuration: configuration(),
            budget: PixelBudget(minPixels: 4 * 784, maxPixels: 8 * 784), truncation: truncation)
    }

    static func image(_ width: Int, _ height: Int) throws -> ImageSource {
        let bytes = (0..<width * height * 3).map { UInt8($0 % 251) }
        let picture = PixelImage(width: width, height: height, bands: 3, bytes: bytes)
        return .encoded(try picture.png(), name: "\(width)x\(height).png")
    }

    @Test func imagesBecomeAMarkedRunOfTokens() throws {
        let processor = try Self.processor()
        let tokens = try Self.configuration().tokens
        let content = Content([.text("ab"), .image(try Self.image(100, 60)), .text("cd")])
        let outline = try processor.outline(content)
        let grid = try #require(outline.grids.first)
        let count = grid.tokenCount(mergeSize: 2)
        let expected =
            processor.tokenizer.encode("ab") + [tokens.visionStart]
            + [Int32](repeating: tokens.image, count: count) + [tokens.visionEnd]
            + processor.tokenizer.encode("cd")
        #expect(outline.ids == expected)
        #expect(outline.imageTokenCount == count)
        #expect(outline.patchCount == 4 * count)
        #expect(outline.truncated == .init())
        let patches = try processor.patches(of: outline)
        #expect(patches.map(\.grid) == [grid])
        #expect(patches[0].bytes.count == 4 * count * 588)
    }

    @Test func neighbouringTextsAreOneText() throws {
        let processor = try Self.processor()
        let whole = try processor.outline(.text("the quick brown"))
        let parts = try processor.outline(
            Content([.text("the qu"), .text("ick "), .text("brown")]))
        #expect(whole.ids == parts.ids)
    }

    @Test(arguments: ["<|image_pad|>", "x<|vision_start|>y", "<|video_pad|>"])
    func imageTokensInsideTextAreRefused(text: String) throws {
        let processor = try Self.processor()
        #expect(throws: TokenizerError.self) { try processor.outline(.text(text)) }
    }

    @Test func nothingIsAnError() throws {
        let processor = try Self.processor()
        #expect(throws: ProcessingError.emptyInput) { try processor.outline(.text("")) }
        #expect(throws: ProcessingError.emptyInput) { try processor.outline(Content([])) }
    }

    @Test(arguments: [TruncationPolicy.end, .reference])
    func anImageIsKeptWholeOrDropped(policy: TruncationPolicy) throws {
        let content = Content([
            .text("some words first "), .image(try Self.image(60, 60)), .text(" between "),
            .image(try Self.image(120, 40)), .text(" and the end of it"),
        ])
        let whole = try Self.processor().outline(content)
        let tokens = try Self.configuration().tokens
        for length in 1...whole.ids.count + 1 {
            let processor = try Self.processor(Truncation(maxLength: length, policy: policy))
            let cut = try processor.outline(content)
            #expect(cut.ids.count <= length)
            #expect(cut.ids == Array(whole.ids.prefix(cut.ids.count)))
            #expect(cut.ids.count { $0 == tokens.visionStart } == cut.grids.count)
            #expect(cut.ids.count { $0 == tokens.visionEnd } == cut.grids.count)
            #expect(cut.ids.count { $0 == tokens.image } == cut.imageTokenCount)
            #expect(cut.imageTokenCount * 4 == cut.patchCount)
            #expect(cut.truncated.tokens == whole.ids.count - cut.ids.count)
            #expect(cut.truncated.images == 2 - cut.grids.count)
            // Only an image that does not fit leaves room unused.
            if cut.ids.count < min(length, whole.ids.count) {
                #expect(whole.ids[cut.ids.count] == tokens.visionStart)
            }
        }
    }

    @Test func refusingPolicySaysHowLongTheInputIs() throws {
        let processor = try Self.processor(Truncation(maxLength: 2, policy: .error))
        let text = "one two three four"
        let tokens = processor.tokenizer.encode(text).count
        #expect(throws: ProcessingError.tooLong(tokens: tokens, maxLength: 2)) {
            try processor.outline(.text(text))
        }
    }

    @Test func anImageThatLeavesNothingIsAnError() throws {
        let processor = try Self.processor(Truncation(maxLength: 3, policy: .end))
        #expect(throws: ProcessingError.emptyInput) {
            try processor.outline(Content([.image(try Self.image(60, 60))]))
        }
    }

    @Test func moreTokensThanPositionsAreRefused() throws {
        var configuration = try Self.configuration()
        configuration.text.maxPositions = 2
        let processor = try Processor(folder: Self.folder, configuration: configuration)
        let text = "one two three four"
        let tokens = processor.tokenizer.encode(text).count
        #expect(throws: ProcessingError.beyondPositions(tokens: tokens, positions: 2)) {
            try processor.outline(.text(text))
        }
    }

    @Test func tokenizerOfAnotherModelIsRefused() throws {
        var configuration = try Self.configuration()
        configuration.tokens.image = 7
        #expect(throws: ProcessingError.self) {
            try Processor(folder: Self.folder, configuration: configuration)
        }
    }

    @Test func packingSortsByLengthAndRemembersPlaces() throws {
        let processor = try Self.processor()
        let collator = Collator(
            try Self.configuration(), processor.images.configuration)
        let contents = [
            Content.text("three words here and more"), .text("a"),
            Content([.image(try Self.image(60, 60)), .text("b")]), .text("c"),
        ]
        let outlines = try contents.map { try processor.outline($0) }
        let batch = try collator.pack(
            outlines, patches: outlines.map { try processor.patches(of: $0) })
        let lengths = zip(batch.input.sequenceStarts, batch.input.sequenceStarts.dropFirst())
            .map { $1 - $0 }
        #expect(lengths == lengths.sorted())
        for (index, outline) in outlines.enumerated() {
            let start = batch.input.sequenceStarts[batch.places[index]]
            #expect(Array(batch.input.ids[start..<start + outline.ids.count]) == outline.ids)
        }
        #expect(batch.places[1] < batch.places[3])
        #expect(batch.input.pixelValues?.shape == [outlines[2].patchCount, 1176])
    }
}
