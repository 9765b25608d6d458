import Foundation
import Testing

@testable import MoCaRunLog

/// Lines of events.jsonl, health.jsonl and reconstructions.jsonl, and reading them back.
@Suite struct RunLogRowTests {
    /// The plain encoding that training writes; numbers that are not finite are its own matter.
    private func text(_ row: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(row), as: UTF8.self)
    }

    private func read<Row: Decodable>(_ type: Row.Type, _ line: String) throws -> Row {
        try #require(try RunLogFile.rows(of: type, in: Data((line + "\n").utf8), name: "f").first)
    }

    // MARK: Events

    private static let plainLines = [
        #"{"kind":"resumed","step":3,"text":"went on from \"a/b\"\n"}"#,
        #"{"kind":"stopped","records":["a/b#1"],"step":3,"text":"é"}"#,
    ]

    private static let lossLines = [
        #"{"step": 7, "kind": "loss_spike", "text": "loss nan, 2.0000 was expected"#
            + #"", "loss": null, "expected": 2.0, "records": ["a/b#1", "c \"\\"]}"#,
        #"{"step": 7, "kind": "not_finite", "text": "loss nan, gradient norm inf: "#
            + #"no update", "loss": null, "grad_norm": null, "saved": "failed-step-7", ""#
            + #"records": ["a/b#1", "c \"\\"]}"#,
        #"{"step": 7, "kind": "not_finite", "text": "loss nan, gradient norm 1.0: "#
            + #"no update", "loss": null, "grad_norm": 1.0, "not_saved": "no\u000aspace""#
            + #", "records": ["a/b#1", "c \"\\"]}"#,
        #"{"step": 7, "kind": "not_finite", "text": "loss nan, gradient norm 1.0: "#
            + #"no update", "loss": null, "grad_norm": 1.0, "records": ["a/b#1", "c \"\\"#
            + #""]}"#,
    ]

    @Test func plainEventsKeepTheirBytes() throws {
        let events = [
            RunEvent(step: 3, kind: .resumed, text: "went on from \"a/b\"\n"),
            RunEvent(step: 3, kind: .stopped, text: "é", records: ["a/b#1"]),
        ]
        for (event, line) in zip(events, Self.plainLines) {
            #expect(event.lossLine == nil)
            #expect(try text(event) == line)
            #expect(try read(RunEvent.self, line) == event)
        }
    }

    @Test func eventsAboutALossKeepTheirBytes() throws {
        func event(_ kind: RunEvent.Kind, _ text: String) -> RunEvent {
            var event = RunEvent(
                step: 7, kind: kind, text: text, records: ["a/b#1", "c \"\\"])
            event.loss = .nan
            return event
        }
        let notFinite = "loss nan, gradient norm 1.0: no update"
        var events = [
            event(.lossSpike, "loss nan, 2.0000 was expected"),
            event(.notFinite, "loss nan, gradient norm inf: no update"),
            event(.notFinite, notFinite), event(.notFinite, notFinite),
        ]
        events[0].expectedLoss = 2
        events[1].gradientNorm = .infinity
        events[1].savedFolder = "failed-step-7"
        events[2].gradientNorm = 1
        events[2].saveFailure = "no\nspace"
        events[3].gradientNorm = 1
        for (event, line) in zip(events, Self.lossLines) {
            #expect(event.lossLine == line)
            let again = try read(RunEvent.self, line)
            #expect(again.kind == event.kind && again.records == event.records)
            #expect(again.savedFolder == event.savedFolder)
            #expect(again.saveFailure == event.saveFailure)
        }
    }

    @Test func unknownKindsAreRead() throws {
        let event = try read(RunEvent.self, #"{"step": 1, "kind": "new", "other": 2}"#)
        #expect(event.kind.rawValue == "new" && event.text == nil)
    }

    // MARK: Health and reconstructions

    private static let healthLine =
        #"{"accuracy":1,"alignment":0.75,"document_cosine":-0.5,"effective_rank":12,"f"#
        + #"alse_negative_rate":0.3333333333333333,"hardest":[{"negative":0,"owner":"A/b"#
        + #"#2","positive":0.6,"query":"A/b#1","similarity":0.7}],"margin":0.1,"negative"#
        + #"":{"bins":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"#
        + #",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"count":0,"max":0,"mean":0,"min":0},"pos"#
        + #"itive":{"bins":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"#
        + #"0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,1],"count":3,"max":1,"mean":0.16666666"#
        + #"666666666,"min":-1},"queries":3,"query_cosine":1e-09,"repeated_rate":0,"step"#
        + #"":5,"task":"A/b"}"#

    @Test func healthKeepsItsBytes() throws {
        var positive = ValueHistogram()
        for value in [0.5, -1, 1] { positive.add(value) }
        var row = HealthRow(
            step: 5, task: "A/b", positive: positive, negative: ValueHistogram())
        row.accuracy = 1
        row.falseNegativeRate = 1.0 / 3
        row.margin = 0.1
        row.alignment = 0.75
        row.queryCosine = 1e-9
        row.documentCosine = -0.5
        row.effectiveRank = 12
        row.hardest = [
            .init(query: "A/b#1", owner: "A/b#2", negative: 0, similarity: 0.7, positive: 0.6)
        ]
        #expect(try text(row) == Self.healthLine)
        #expect(try read(HealthRow.self, Self.healthLine) == row)
        #expect(
            row.eventValues.map(\.tag)
                == [
                    "accuracy", "false_negative_rate", "repeated_rate", "alignment", "query_cosine",
                    "document_cosine", "effective_rank",
                ].map { "health/A/b/\($0)" })
    }

    private static let reconstructionLine =
        #"{"baseline_mse":2,"masked":"m","masked_patches":8,"original":"o","patches":1"#
        + #"6,"picture":1,"reconstructed":"r","record":"r/s#1","step":4}"#

    @Test func reconstructionsKeepTheirBytes() throws {
        var row = ReconstructionRow(
            step: 4, imageIndex: 1, record: "r/s#1",
            files: .init(original: "o", masked: "m", reconstructed: "r"),
            patchCount: (masked: 8, all: 16))
        row.baselineError = 2
        #expect(try text(row) == Self.reconstructionLine)
        #expect(try read(ReconstructionRow.self, Self.reconstructionLine) == row)
        // An error that is not finite is null.
        let infinite = Self.reconstructionLine.replacing(
            #""masked_patches":8"#, with: #""masked_patches":8,"mse":null"#)
        #expect(try read(ReconstructionRow.self, infinite) == row)
    }
}
