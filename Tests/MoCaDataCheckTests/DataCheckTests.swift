import Foundation
import MoCaData
import MoCaProcessing
import MoCaTables
import MoCaTestSupport
import MoCaTokenizer
import Testing
@testable import MoCaDataCheck

@Suite struct DataCheckTests {
    // MARK: Records

    @Test func everyDefectOfAPairIsFound() throws {
        try withTemporaryFolder { folder in
            let lines = [
                try pair("sound", "yes", ["neg_text": "no"]),
                "{oops",
                try pair("", "nothing to ask"),
                try pair("<|image_1|> <|image_1|>", "two", ["qry_image_path": "rgb_56x84.png"]),
                try pair("stray <|image_pad|>", "token"),
                try pair("absent", "image", ["pos_image_path": "absent.png"]),
                try pair("equal", "Same  words", ["neg_text": "['same words', 'other', '']"]),
                #"{"qry": "half", "pos_text": "\ud83d"}"#,
                try pair("damaged caf\u{c3}\u{a9}", "\u{fffd}"),
                try pair("   ", "blank"),
                try pair("lists", "differ", ["neg_text": "['a', 'b']", "neg_image_path": "['c']"]),
            ]
            let subset = try write(lines, "pairs", in: folder)
            let result = try check([subset], images: pictures, in: folder)
            #expect(
                result.list == [
                    "blank_text warning pairs#9", "empty_content error pairs#2",
                    "empty_negative warning pairs#6", "encoding_damage error pairs#7",
                    "encoding_damage warning pairs#8", "encoding_damage warning pairs#8",
                    "missing_image error pairs#5", "negative_equals_positive warning pairs#6",
                    "placeholder_mismatch error pairs#3", "stray_image_token error pairs#4",
                    "unreadable_record error pairs#1", "unreadable_record error pairs#10",
                ])
            #expect(result.quarantine == [1, 2, 3, 4, 5, 7, 10].map { "pairs#\($0)" })
            #expect(result.summary.errorRecords == 7 && result.summary.records == 11)
            #expect(result.summary.kind == .contrastive)
        }
    }

    /// A misspelt column is passed over in training: it is named once a subset.
    @Test func columnsThatAreNotReadAreNamed() throws {
        try withTemporaryFolder { folder in
            let lines = [
                try pair("a", "b"), try pair("c", "d", ["negative_text": "e"]),
                try pair("f", "g", ["negative_text": "h", "note": "i"]),
            ]
            let result = try check(
                [write(lines, "pairs", in: folder)], images: pictures, in: folder)
            #expect(
                result.list == ["unknown_column warning pairs#1", "unknown_column warning pairs#2"])
            #expect(
                result.findings[0].reason.hasPrefix("negative_text is not read (known here: qry, "))
            #expect(result.quarantine.isEmpty)
        }
    }

    @Test func everyFaultOfARecordIsNamed() throws {
        try withTemporaryFolder { folder in
            let both = try pair(
                "a", "b", ["qry_image_path": "no-1.png", "pos_image_path": "no-2.png"])
            let result = try check(
                [write([both], "both", in: folder)], images: pictures, in: folder)
            #expect(result.list == Array(repeating: "missing_image error both#0", count: 2))
            #expect(result.quarantine == ["both#0"])
        }
    }

    @Test func damagedFilesDoNotHideTheRest() throws {
        try withTemporaryFolder { folder in
            let subset = try write([#"{"text": "sound"}"#], "texts", in: folder)
            try Data("PAR1 and no more".utf8).write(to: subset.appending(path: "a.parquet"))
            let result = try check([subset], images: pictures, in: folder) {
                $0.kind = .pretraining
            }
            #expect(result.list == ["unreadable_file error texts"])
            #expect(result.quarantine.isEmpty && result.summary.records == 1)
            #expect(throws: DataCheckError.errorsFound(records: 0, of: 1, files: 1)) {
                try result.summary.requireTrainable(isQuarantined: true)
            }
        }
    }

    // MARK: Lengths

    @Test func lengthsAndWhatTruncationCuts() throws {
        try withTemporaryFolder { folder in
            let placeholder = "<|vision_start|><|image_pad|><|vision_end|>"
            let lines = [
                #"{"text": "short"}"#,
                #"{"text": "\#((0..<40).map { "w\($0)" }.joined(separator: " "))"}"#,
                #"{"text": "one two \#(placeholder)", "images": ["rgb_224x96.png"]}"#,
            ]
            let subset = try write(lines, "long", in: folder)
            let result = try check([subset], images: pictures, in: folder) {
                $0.meter = try meter(maxLength: 12)
            }
            #expect(result.list == (1...2).map { "over_length warning long#\($0)" })
            let full = try meter()
            let outlines = try [(1, "w"), (2, "image")].map { row, _ in
                let catalog = try Catalog<PretrainSample>(
                    folders: [subset], images: ImageStore(root: pictures))
                return try full.processor.outline(
                    catalog.sample(SampleID(subset: "long", row: row)).content)
            }
            let loss = result.summary.truncation
            #expect(loss.contents == 2 && loss.images == 1)
            // The text is cut at 12; of the other record only what stands before the image is left.
            let left = 12 + full.processor.tokenizer.encode("one two ").count
            #expect(loss.tokens == outlines.reduce(0) { $0 + $1.ids.count } - left)

            let refusing = try check([subset], images: pictures, in: folder) {
                $0.meter = try meter(maxLength: 12)
                $0.refusesLongRecords = true
                $0.budget = RecordBudget(tokens: 5, prices: TokenPrices())
            }
            #expect(refusing.quarantine == ["long#1", "long#2"])
            #expect(refusing.list.filter { $0.hasPrefix("over_budget") }.count == 2)
        }
    }

    // MARK: Pairs

    @Test func repeatedPairsAreCounted() throws {
        try withTemporaryFolder { folder in
            let lines = try [
                ("q1", "a"), ("q1", "b"), ("Q1 ", "c"), ("q2", "a"), ("q2", "a"), ("q3", "d"),
            ].map { try pair($0.0, $0.1) }
            let result = try check(
                [write(lines, "pairs", in: folder)], images: pictures, in: folder)
            #expect(
                result.list == [
                    "repeated_positive information pairs#0",
                    "repeated_query information pairs#0", "repeated_record information pairs#4",
                ])
            let query = result.findings.first { $0.kind == "repeated_query" }
            #expect(
                query?.reason == "its query stands in 3 records, with 3 different positives")
            let positive = result.findings.first { $0.kind == "repeated_positive" }
            #expect(
                positive?.reason == "its positive stands in 3 records, with 2 different queries")
            try result.summary.requireTrainable(isQuarantined: false)
        }
    }

    // MARK: The whole

    @Test func errorRatesDecide() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<49).map { #"{"text": "sound \#($0)"}"# } + ["{broken"]
            let result = try check(
                [write(lines, "mostly", in: folder)], images: pictures, in: folder
            ) {
                $0.maxErrorRate = 0.02
            }
            try result.summary.requireTrainable(isQuarantined: true)
            #expect(throws: DataCheckError.errorsFound(records: 1, of: 50, files: 0)) {
                try result.summary.requireTrainable(isQuarantined: false)
            }
            let strict = try check([folder.appending(path: "mostly")], images: pictures, in: folder)
            #expect(throws: DataCheckError.errorsFound(records: 1, of: 50, files: 0)) {
                try strict.summary.requireTrainable(isQuarantined: true)
            }
        }
    }

    @Test func foldersOfTwoStagesAreRefused() throws {
        try withTemporaryFolder { folder in
            let texts = try write([#"{"text": "a"}"#], "texts", in: folder)
            let pairs = try write([try pair("a", "b")], "pairs", in: folder)
            let other = try write([#"{"title": "a"}"#], "other", in: folder)
            #expect(throws: DataCheckError.mixedKinds(first: texts.path, second: pairs.path)) {
                _ = try check([texts, pairs], images: folder, in: folder)
            }
            #expect(throws: DataCheckError.unknownColumns(folder: other.path, columns: [])) {
                _ = try check([other], images: folder, in: folder)
            }
        }
    }

    /// Manual pages and their evaluation set: held out by page number, so nothing leaks.
    @Test func exampleDataAreSound() throws {
        try withTemporaryFolder { folder in
            let result = try check(
                [examples.appending(path: "mmeb-train/DocPages")], images: Repository.exampleImages,
                in: folder
            ) {
                $0.evaluationFolders = [examples.appending(path: "vidore")]
            }
            #expect(result.summary.errorRecords == 0 && result.quarantine.isEmpty)
            // Counted by a script over the same rows and pictures.
            let counts = Dictionary(grouping: result.findings, by: \.kind).mapValues(\.count)
            #expect(
                counts == [
                    "repeated_query": 42, "repeated_positive": 66, "near_duplicate_image": 4,
                ])
            #expect(result.summary.images == 75)
        }
    }

    /// Records of pre-training, within a subset and across subsets; other images are others.
    @Test func repeatedTextsAreWarnedOf() throws {
        try withTemporaryFolder { folder in
            let image = #", "images": ["rgb_56x84.png"]"#
            let first = try write(
                [
                    #"{"text": "one"}"#, #"{"text": "two"}"#, #"{"text": "one"}"#,
                    #"{"text": "seen"\#(image)}"#, #"{"text": "ONE"}"#,
                ], "first", in: folder)
            let second = try write(
                [
                    #"{"text": "seen"\#(image)}"#, #"{"text": "one"}"#,
                    #"{"text": "seen", "images": ["rgb_224x96.png"]}"#, #"{"text": "two "}"#,
                ], "second", in: folder)
            let result = try check([first, second], images: pictures, in: folder)
            #expect(
                result.list == [
                    "repeated_record warning first#2", "repeated_record warning second#0",
                    "repeated_record warning second#1",
                ])
            #expect(
                result.findings.map(\.reason) == [
                    "text and images are those of first#0, 3 records in all",
                    "text and images are those of first#3, 2 records in all",
                    "text and images are those of first#0, 3 records in all",
                ])
            try result.summary.requireTrainable(isQuarantined: false)
        }
    }

    @Test func aShardWithoutItsEndIsWarnedOf() throws {
        let shard = fixtures.appending(path: "shards/pages-000000.tar")
        let whole = try Data(contentsOf: shard)
        try withTemporaryFolder { folder in
            let subset = folder.appending(path: "pages")
            try FileManager.default.createDirectory(
                at: subset, withIntermediateDirectories: true)
            let end = (whole.lastIndex { $0 != 0 } ?? 0) / 512 * 512 + 512
            try whole.prefix(end).write(to: subset.appending(path: "a.tar"))
            let result = try check([subset], images: pictures, in: folder)
            #expect(result.list.contains("cut_archive warning pages"))
            try result.summary.requireTrainable(isQuarantined: false)
            #expect(
                try !check([shard], images: pictures, in: folder).list.contains {
                    $0.hasPrefix("cut_archive")
                })
        }
    }

    /// What comes with the program has no leak, no damage, and no negative that is its positive.
    @Test(arguments: ["mmeb-train", "cpt"])
    func theExamplesAreSound(part: String) throws {
        try withTemporaryFolder { folder in
            let result = try check(
                subsetFolders(in: [examples.appending(path: part)]),
                images: Repository.exampleImages, in: folder
            ) {
                $0.evaluationFolders = ["mmeb-eval", "vidore"].map { examples.appending(path: $0) }
                $0.evaluationImages = Repository.exampleImages
            }
            let kinds = Set(result.findings.filter { $0.severity != "information" }.map(\.kind))
            // Twelve clips are in the archive twice, under the same title.
            #expect(kinds == (part == "cpt" ? ["repeated_record"] : []))
            #expect(result.summary.evaluation == .init(queries: 2738, images: 902))
        }
    }
}
