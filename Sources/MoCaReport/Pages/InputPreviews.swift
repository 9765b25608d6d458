// The inputs of an evaluated set, as pages show them.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaVectors

/// The inputs of a set as shown on a page; only ids if the data is missing or has changed since.
final class InputPreviews {
    private let contents: SetContents?
    private let benchmark: Benchmark?
    private let pictures: ReportPictures
    /// The inputs of the queries when they were scored, as far as recorded.
    private let inputs: [String: String]
    /// Whether the inputs of the queries checked so far are unchanged.
    private var unchanged: [String: Bool] = [:]
    /// The first reason why something is not shown; empty if there is none.
    private(set) var problem: String

    /// - Parameter inputs: the inputs of the queries when they were scored; nil if not recorded.
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

    /// The input of the query; nil if it cannot be read.
    func input(ofQuery id: String) -> PromptedContent? {
        read { contents in
            guard try isUnchanged(id, contents) else { return nil }
            return try contents.query(id)
        }
    }

    /// The input of the candidate; nil if it cannot be read.
    func input(of candidate: String, query: String) -> PromptedContent? {
        read { contents in
            // Candidate ids of MMEB are indices into their query's list; those of documents are
            // unique.
            guard try isRetrieval || isUnchanged(query, contents) else { return nil }
            return try contents.candidate(candidate, of: query)
        }
    }

    /// The most frequent confusions; empty if the data cannot be read.
    func confusions(_ outcomes: [QueryOutcome], count: Int) -> [Confusion] {
        read { try $0.confusions(outcomes, count: count) } ?? []
    }

    /// The result of `body`; nil if it throws, because scores without images still make a page.
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

    /// The query as shown on the page.
    ///
    /// - Throws: `ReportError`.
    func query(_ id: String) throws -> ReportContent { try shown(input(ofQuery: id), id) }

    /// The candidate as shown on the page.
    ///
    /// - Throws: `ReportError`.
    func candidate(_ id: String, of query: String) throws -> ReportContent {
        var content = try shown(input(of: id, query: query), id)
        // Every page of ViDoRe has the same text, which describes none of them.
        if benchmark == .vidore { content.text = id }
        return content
    }

    private func shown(_ input: PromptedContent?, _ id: String) throws -> ReportContent {
        guard let input else { return ReportContent(text: id) }
        var content = try pictures.content(input.content, failed: note)
        // An image without text that cannot be shown or exceeds the allowance.
        if content.image == nil, content.text.isEmpty { content.text = id }
        return content
    }

    /// The beginning of a query's text; its id if it cannot be read.
    func text(ofQuery id: String) -> String {
        input(ofQuery: id).map { Self.text($0.content) } ?? id
    }

    /// The beginning of a document's text; empty for a page, or if it cannot be read.
    func text(ofDocument id: String, query: String) -> String {
        guard benchmark != .vidore else { return "" }
        return input(of: id, query: query).map { Self.text($0.content) } ?? ""
    }

    private static func text(_ content: Content) -> String {
        String(content.joinedText.prefix(120))
    }
}
