// `moca model info`: describes a model without loading its weights.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaModel

/// Prints architecture, parameters, dtypes, memory and contract.
struct ModelInfoCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Print architecture, parameters, stored types, memory needed and contract.")

    @OptionGroup var folder: ModelFolder

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        let summary = try ModelSummary(reading: folder.resolved())
        if json { return try Message.printJSON(summary) }
        print(summary.model)
        line("architecture", summary.architecture)
        line("language model", describe(summary.text))
        line("vision tower", describe(summary.vision))
        line("parameters", count(summary.parameters))
        for part in summary.parts { line("  \(part.name)", count(part.parameters)) }
        line(
            "vocabulary",
            "\(summary.vocabularySize) rows, \(summary.tokenizerSize.map(String.init) ?? "no") tokens"
                + (summary.isTied ? ", tied" : ", not tied"))
        line("vector length", String(summary.vectorLength))
        line("stored as", sizes(summary.storedBytes))
        line("memory of weights", sizes(summary.memoryBytes))
        line("contract", summary.contract.map(describe) ?? "none: the defaults hold")
        if !summary.missing.isEmpty { line("missing", list(summary.missing)) }
        if !summary.unknown.isEmpty { line("unknown", list(summary.unknown)) }
    }

    private func line(_ name: String, _ value: String) {
        print("  \(name.padding(toLength: 22, withPad: " ", startingAt: 0))\(value)")
    }

    private func count(_ number: Int) -> String {
        number < 1_000_000
            ? "\(number)" : "\(number) (\(NumberText.decimal(Double(number) / 1e6, digits: 1)) M)"
    }

    private func describe(_ sizes: [String: Int]) -> String {
        sizes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private func sizes(_ bytes: [String: Int]) -> String {
        bytes.sorted { $0.key < $1.key }.map { "\($0.key) \(NumberText.byteSize($0.value))" }
            .joined(separator: ", ")
    }

    private func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
    }

    private func describe(_ contract: EmbeddingContract) -> String {
        let roles = contract.prompts.keys.map(\.rawValue).sorted().joined(separator: " ")
        let parts = [
            contract.attention?.rawValue, contract.pooling?.rawValue,
            contract.normalize.map { $0 ? "normalised" : "not normalised" },
            roles.isEmpty ? nil : "prompts \(roles)",
            contract.dimensions.isEmpty ? nil : "dimensions \(contract.dimensions)",
            "\(contract.probes.count) probes",
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}
