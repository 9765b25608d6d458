// The inputs of an evaluated set, as pages show them.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaVectors

/// The inputs of a set as they are shown; ids alone where the data is not there any more, or is
/// another one by now.
final class ShownContents {
    private let contents: SetContents?
    private let benchmark: Benchmark?
    private let pictures: ReportPictures
    /// What queries asked when they were scored, as far as anyone said it.
    private let inputs: [String: String]
    /// Whether queries still ask that.
    private var unchanged: [String: Bool] = [:]
    /// The first reason why not everything is shown; empty where there is none.
    private(set) var problem: String

    /// - Parameter inputs: what queries asked when they were scored; nil where nobody said it.
    init(
        _ source: EvaluatedData?, set: String, pictures: ReportPictures,
        inputs: [(query: String, input: String?)]
    ) {
        self.pictures = pictures
        benchmark = source?.benchmark
        let known = inputs.compactMap { query, input in input.map { (query, $0) } }
        self.inputs = Dictionary(known) { first, _ in first }
        guard let source else {
            contents = nil
            problem = "Only ids are shown: the scores do not say which data they are of."
            return
        }
        switch Result(catching: { try source.contents(of: set) }) {
        case .success(let found): (contents, problem) = (found, "")
        case .failure(let error):
            contents = nil
            problem = "Only ids are shown: \(Self.reason(error))."
        }
    }

    var isRetrieval: Bool { benchmark.map { $0 != .mmeb } ?? false }

    // MARK: Reading

    /// nil where it cannot be read.
    func input(ofQuery id: String) -> PromptedContent? {
        read { contents in
            guard try isUnchanged(id, contents) else { return nil }
            return try contents.query(id)
        }
    }

    /// nil where it cannot be read.
    func input(of candidate: String, query: String) -> PromptedContent? {
        read { contents in
            // Candidates of MMEB are places in the list of their query; documents have ids.
            guard try isRetrieval || isUnchanged(query, contents) else { return nil }
            return try contents.candidate(candidate, of: query)
        }
    }

    /// None where the data cannot be read.
    func confusions(_ outcomes: [QueryOutcome], count: Int) -> [Confusion] {
        read { try $0.confusions(outcomes, count: count) } ?? []
    }

    /// What `body` reads; nil where it throws: a page is worth its scores without pictures.
    private func read<Value>(_ body: (SetContents) throws -> Value?) -> Value? {
        guard let contents else { return nil }
        do {
            return try body(contents)
        } catch {
            note(Self.reason(error))
            return nil
        }
    }

    private func isUnchanged(_ query: String, _ contents: SetContents) throws -> Bool {
        guard let input = inputs[query] else { return true }
        if let known = unchanged[query] { return known }
        let isSame = try contents.holds(query, asking: input)
        unchanged[query] = isSame
        if !isSame { note("the data has changed since, query '\(query)' for one") }
        return isSame
    }

    private func note(_ reason: String) {
        if problem.isEmpty { problem = "Not everything is shown: \(reason)." }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? any UserFacingError)?.oneLine ?? error.localizedDescription
    }

    // MARK: Showing

    /// - Throws: `ReportError`.
    func query(_ id: String) throws -> ReportContent { try shown(input(ofQuery: id), id) }

    /// - Throws: `ReportError`.
    func candidate(_ id: String, of query: String) throws -> ReportContent {
        var content = try shown(input(of: id, query: query), id)
        // The words beside every page say nothing about one.
        if benchmark == .vidore { content.text = id }
        return content
    }

    private func shown(_ input: PromptedContent?, _ id: String) throws -> ReportContent {
        guard let input else { return ReportContent(text: id) }
        var content = try pictures.content(input.content, failed: note)
        // A picture without words that cannot be shown, or has no room.
        if content.image == nil, content.text.isEmpty { content.text = id }
        return content
    }

    /// The beginning of a query's text; its id where it cannot be read.
    func text(ofQuery id: String) -> String {
        input(ofQuery: id).map { Self.text($0.content) } ?? id
    }

    /// The beginning of a document's text; empty for a page, and where it cannot be read.
    func text(ofDocument id: String, query: String) -> String {
        guard benchmark != .vidore else { return "" }
        return input(of: id, query: query).map { Self.text($0.content) } ?? ""
    }

    private static func text(_ content: Content) -> String {
        String(content.joinedText.prefix(120))
    }
}
