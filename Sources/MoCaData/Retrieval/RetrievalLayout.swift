// Locates corpus, queries and judgements of a retrieval set in its folder.

package import Foundation
import MoCaTables

/// The three parts of a retrieval set: folders of files, like unpacked ViDoRe data sets; or
/// `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`, as packed by BEIR (Thakur et al. 2021).
package struct RetrievalLayout: Sendable, Hashable {
    /// A part of a retrieval set; the raw value is its file name.
    package enum Part: String, Sendable, Hashable, CaseIterable {
        case corpus, queries, qrels
    }

    /// The folder or file of each part that exists.
    package let parts: [Part: URL]

    /// Searches a folder; links to folders count.
    package init(of folder: URL) {
        var parts: [Part: URL] = [:]
        for part in Part.allCases {
            let endings = [""] + RecordFormat.tableEndings + (part == .qrels ? [".tsv"] : [])
            // mteb stores the judgements in the default configuration, whose folder on the Hub is
            // called `data`.
            let isOther = parts.count < 2
            let names =
                part == .qrels
                ? [part.rawValue, "default"] + (isOther ? [] : ["data"]) : [part.rawValue]
            parts[part] =
                names.flatMap { name in endings.map { folder.appending(path: name + $0) } }
                .first { FileManager.default.fileExists(atPath: $0.path) }
        }
        self.parts = parts
    }

    /// The parts that do not exist.
    package var missing: [Part] { Part.allCases.filter { parts[$0] == nil } }

    /// Whether all parts exist.
    package var isComplete: Bool { missing.isEmpty }

    /// The folder or file of a part.
    ///
    /// - Throws: `DataError.fileMissing`.
    package func url(of part: Part, in folder: URL) throws -> URL {
        guard let url = parts[part] else {
            throw DataError.fileMissing(path: folder.appending(path: part.rawValue).path)
        }
        return url
    }
}

/// The data files of a part of a retrieval set; those of the split `test` if it has several splits.
///
/// - Throws: as `dataFiles`.
func retrievalFiles(in part: URL) throws -> [URL] {
    do {
        return try dataFiles(in: part)
    } catch DataError.severalSplits(let folder, let splits) {
        guard splits.contains(where: { $0.lowercased() == "test" }) else {
            throw DataError.severalSplits(folder: folder, splits: splits)
        }
        return try dataFiles(in: part.appending(path: "test"))
    }
}

/// A file of tab-separated values with a header line: BEIR's judgements.
enum TabbedFile {
    /// The tab-separated file of a folder, `test` if it has several splits; nil if it has none.
    ///
    /// - Throws: `DataError.severalSplits`, `.inputOutput`.
    static func find(in url: URL) throws -> URL? {
        if url.pathExtension == "tsv" { return url }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: url.path)
                .filter { $0.hasSuffix(".tsv") && !$0.hasPrefix(".") }.sorted()
        } catch {
            throw DataError.inputOutput(path: url.path, reason: error.localizedDescription)
        }
        if let name = names.contains("test.tsv") ? "test.tsv" : names.first {
            guard name == "test.tsv" || names.count == 1 else {
                throw DataError.severalSplits(folder: url.path, splits: names)
            }
            return url.appending(path: name)
        }
        return nil
    }

    /// An integer in decimal digits, also if it is written as `1.0` or surrounded by spaces.
    private static func integer(_ text: String) -> Cell? {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard text.wholeMatch(of: /[+\-]?[0-9]+(\.[0-9]*)?([eE][+\-]?[0-9]+)?/) != nil else {
            return nil
        }
        return (Int64(text) ?? Double(text).flatMap(Int64.init(exactly:))).map(Cell.integer)
    }

    /// Checks a field, which other readers would take for another text or for none.
    ///
    /// - Throws: `DataError.malformedFields` for quotes around a value, and for an empty value.
    private static func check(_ value: String, of name: String, at location: RecordLocation) throws
    {
        if value.hasPrefix("\"") {
            throw DataError.malformedFields(
                location, reason: "its \(name) is in quotes: \(value.prefix(40))")
        }
        if value.allSatisfy(\.isWhitespace) {
            throw DataError.malformedFields(location, reason: "its \(name) is empty")
        }
    }

    /// Calls `body` with every line; values of the columns `integers` become integers.
    ///
    /// - Parameter header: The columns that the header must contain, each with alternative names.
    /// - Throws: `DataError`, or what `body` throws.
    static func forEachRow(
        of url: URL, header: [[String]], integers: Set<String>, _ body: (Row) throws -> Void
    ) throws {
        var lines = try LineReader(url)
        func fields(_ line: Data) throws -> [String] {
            guard let text = String(data: line, encoding: .utf8) else {
                throw DataError.malformedFields(
                    RecordLocation(file: url.path, place: .line(lines.lineNumber)),
                    reason: "it is not UTF-8")
            }
            return text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        guard let first = try lines.next() else { return }
        let names = try fields(first)
        guard header.allSatisfy({ !Set($0).isDisjoint(with: names) }) else {
            throw DataError.headerMissing(
                path: url.path, expected: header.map { $0[0] },
                found: String(decoding: first, as: UTF8.self))
        }
        while let line = try lines.next() {
            guard !line.isEmpty else { continue }
            let location = RecordLocation(file: url.path, place: .line(lines.lineNumber))
            let values = try fields(line)
            guard values.count == names.count else {
                throw DataError.malformedFields(
                    location, reason: "it has \(values.count) fields, the first line \(names.count)"
                )
            }
            var members: [String: Cell] = [:]
            for (name, value) in zip(names, values) {
                if header.joined().contains(name) { try check(value, of: name, at: location) }
                members[name] =
                    integers.contains(name)
                    ? integer(value) ?? .string(value) : .string(value)
            }
            try body(Row(members, location: location))
        }
    }
}
