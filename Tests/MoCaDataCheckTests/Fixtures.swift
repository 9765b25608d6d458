// Folders of records made for one test, and what a check says about them.

import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaProcessing
import MoCaTestSupport
import Testing
@testable import MoCaDataCheck

/// The folder of the golden files.
let fixtures = Repository.fixtures

/// Small pictures of every kind.
let pictures = fixtures.appending(path: "image/files")

/// The data that come with the program.
let examples = Repository.exampleData

/// A tiny model with images and text.
let model = fixtures.appending(path: "model/checkpoint_newer")

/// Writes lines of JSON into `folder/NAME/train.jsonl`, and gives `folder/NAME`.
@discardableResult
func write(_ lines: [String], _ name: String, in folder: URL) throws -> URL {
    let subset = folder.appending(path: name)
    try FileManager.default.createDirectory(at: subset, withIntermediateDirectories: true)
    try Data(lines.joined(separator: "\n").utf8)
        .write(to: subset.appending(path: "train.jsonl"))
    return subset
}

/// A line of a pair; every value is text.
func pair(_ query: String, _ positive: String, _ rest: [String: String] = [:]) throws -> String {
    var members = ["qry": query, "pos_text": positive]
    members.merge(rest) { $1 }
    return try String(
        decoding: JSONSerialization.data(withJSONObject: members, options: .sortedKeys),
        as: UTF8.self)
}

/// Writes a grey PNG whose pixels are `value(x, y)`.
func writePicture(
    _ url: URL, width: Int = 64, height: Int = 64, _ value: (Int, Int) -> Int
) throws {
    let bytes = (0..<height).flatMap { y in (0..<width).map { UInt8(value($0, y) & 255) } }
    let image = PixelImage(width: width, height: height, bands: 1, bytes: bytes)
    try image.png().write(to: url)
}

/// Counts tokens with the tiny model's files.
func meter(maxLength: Int? = nil, fingerprint: String = "") throws -> TokenMeter {
    let configuration = try PretrainedModel.configuration(of: model, names: [:])
    return TokenMeter(
        try Processor(
            folder: model, configuration: configuration,
            truncation: maxLength.map { Truncation(maxLength: $0, policy: .end) }),
        fingerprint: fingerprint)
}

/// What a check found, and what it wrote.
struct CheckResult {
    var summary: CheckSummary
    var findings: [Found]
    /// `SUBSET#ROW` of each line of the quarantine.
    var quarantine: [String]

    /// `KIND SEVERITY PLACE` of all findings, sorted.
    var list: [String] { findings.map(\.description).sorted() }
}

/// One finding of the report, as `KIND SEVERITY SUBSET#ROW`.
struct Found: Hashable, CustomStringConvertible {
    var kind: String
    var severity: String
    var place: String
    var reason: String

    var description: String { "\(kind) \(severity) \(place)" }
}

/// Checks, and reads report and quarantine back.
func check(
    _ folders: [URL], images: URL, in folder: URL,
    orientation: OrientationPolicy = .ignore,
    _ change: (inout DataCheckSettings) throws -> Void = { _ in }
) throws -> CheckResult {
    var settings = DataCheckSettings(folders: folders, images: images)
    try change(&settings)
    let (report, quarantine) = (
        folder.appending(path: "report.json"), folder.appending(path: "quarantine.jsonl")
    )
    let log = try FindingLog(report: report, quarantine: quarantine)
    var configuration = ImageProcessorConfiguration()
    configuration.orientation = orientation
    let tools = CheckTools(
        examiner: ImageExaminer(ImagePreprocessor(configuration: configuration)), threads: 2)
    let summary = try DataCheck(settings, tools, log: log).run()
    try log.finish(summary)
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: report))
    let findings = try #require((object as? [String: Any])?["findings"] as? [[String: Any]])
    let lines = try String(contentsOf: quarantine, encoding: .utf8).split(separator: "\n")
    return CheckResult(
        summary: summary,
        findings: findings.map { finding in
            let row = (finding["row"] as? Int).map { "#\($0)" } ?? ""
            return Found(
                kind: finding["kind"] as? String ?? "",
                severity: finding["severity"] as? String ?? "",
                place: (finding["subset"] as? String ?? "") + row,
                reason: finding["reason"] as? String ?? "")
        },
        quarantine: try lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let members = try #require(object as? [String: Any])
            #expect(Set(members.keys) == ["subset", "row", "file", "reason"])
            return "\(members["subset"] ?? "")#\(members["row"] ?? "")"
        })
}
