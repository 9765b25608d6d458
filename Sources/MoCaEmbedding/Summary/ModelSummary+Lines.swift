// The summary of a model as lines of text.

import Foundation
import MoCaCore
import MoCaModel

extension ModelSummary {
    /// The lines that `moca model info` prints.
    package var lines: [String] {
        var lines = [model]
        func add(_ name: String, _ value: String) {
            lines.append(
                "  \(name.padding(toLength: 22, withPad: " ", startingAt: 0))\(value)")
        }
        if let name, let commit {
            add("name", name)
            add("commit", commit)
        }
        add("architecture", architecture)
        add("language model", Self.text(text) { "\($0)" })
        add("vision tower", Self.text(vision) { "\($0)" })
        add("parameters", Self.count(parameters))
        for part in parts { add("  \(part.name)", Self.count(part.parameters)) }
        add(
            "vocabulary",
            "\(vocabularySize) rows, \(tokenizerSize.map(String.init) ?? "no") tokens"
                + (isTied ? ", tied" : ", not tied"))
        add("vector length", String(vectorLength))
        add("stored as", Self.text(storedBytes, NumberText.byteSize))
        add("memory of weights", Self.text(memoryBytes, NumberText.byteSize))
        add("embedder", embedder.line)
        for row in inputs?.rows ?? [] { add(row.name, row.value) }
        add("contract", contract.map(Self.text) ?? "none: the rules of \(embedder.name) hold")
        if !contractFiles.isEmpty { add("contract from", contractFiles.joined(separator: ", ")) }
        for note in notes { add("note", note) }
        if !missing.isEmpty { add("missing", Self.list(missing)) }
        if !unknown.isEmpty { add("unknown", Self.list(unknown)) }
        return lines
    }

    private static func count(_ number: Int) -> String {
        number < 1_000_000
            ? "\(number)" : "\(number) (\(NumberText.decimal(Double(number) / 1e6, digits: 1)) M)"
    }

    private static func text(_ values: [String: Int], _ format: (Int) -> String) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) \(format($0.value))" }
            .joined(separator: ", ")
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
    }

    private static func text(_ contract: EmbeddingContract) -> String {
        let roles = contract.prompts.keys.map(\.rawValue).sorted().joined(separator: " ")
        let parts = [
            contract.attention?.rawValue, contract.pooling?.rawValue,
            contract.normalize.map { $0 ? "normalised" : "not normalised" },
            roles.isEmpty ? nil : "prompts \(roles)",
            contract.dimensions.isEmpty ? nil : "dimensions \(contract.dimensions)",
            NumberText.counted(contract.probes.count, "probe"),
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}
