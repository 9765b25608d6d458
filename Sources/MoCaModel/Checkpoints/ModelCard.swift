// README.md of a model: what it is, how it was made, and what it reached.

package import Foundation
import MoCaCore
import MoCaHub
import MoCaSystem

/// The card of a model, Markdown with the Hub's metadata.
package struct ModelCard: Sendable {
    package static let fileName = "README.md"

    /// A score of a set.
    package struct Score: Sendable, Hashable {
        package var set: String
        package var measure: String
        /// The value as a fraction.
        package var value: Double
        /// The 95 % interval, if known.
        package var interval: ClosedRange<Double>?
        package var queryCount: Int?

        package init(
            set: String, measure: String, value: Double, interval: ClosedRange<Double>? = nil,
            queryCount: Int? = nil
        ) {
            self.set = set
            self.measure = measure
            self.value = value
            self.interval = interval
            self.queryCount = queryCount
        }
    }

    /// The models that the model was made from.
    package var bases: [Base] = []
    /// What was done to the bases, a sentence.
    package var origin: String
    package var contract: EmbeddingContract
    /// The name of the embedder whose rules the contract adds to; nil for MoCa's.
    package var embedder: String?
    /// Whether an embedding has a vector for each token.
    package var isMultiVector = false
    /// Whether the model has a `moca.json`.
    package var hasContract = true
    /// Whether the model has the files of sentence-transformers.
    package var hasModules = true
    /// The number of components of a vector.
    package var vectorLength: Int
    /// The names of the data sets of the training.
    package var data: [String] = []
    /// The settings of the training, in order.
    package var settings: [(key: String, value: String)] = []
    /// The scores that the training measured.
    package var scores: [Score] = []

    package init(origin: String, contract: EmbeddingContract, vectorLength: Int) {
        self.origin = origin
        self.contract = contract
        self.vectorLength = vectorLength
    }

    /// Writes the card into a model's folder.
    ///
    /// - Throws: `ModelError.cannotWrite`.
    package func write(to folder: URL) throws(ModelError) {
        let file = folder.appending(path: Self.fileName)
        do {
            try AtomicFile.write(Data(text.utf8), to: file)
        } catch {
            throw .cannotWrite(file: file.path, reason: error.fileReason)
        }
    }

    /// The text of the card.
    package var text: String {
        let sections = [
            metadata, introduction, use, vectors, training, results, licence,
        ]
        return sections.compactMap { $0 }.joined(separator: "\n\n") + "\n"
    }

    // MARK: Sections

    private var metadata: String {
        var lines = ["---"]
        let names = bases.filter(\.isPublic).map(\.name)
        if !names.isEmpty { lines += ["base_model:"] + names.map { "- \($0)" } }
        let licences = Set(bases.map(\.licence))
        if licences.count == 1, let licence = licences.first ?? nil {
            lines.append("license: \(licence)")
        }
        lines += ["pipeline_tag: feature-extraction", "tags:", "- moca", "- multimodal", "---"]
        return lines.joined(separator: "\n")
    }

    private var introduction: String {
        let result = isMultiVector ? "a vector for each token," : "a vector"
        return """
            # Embeddings of text and images

            \(origin) It maps a text, an image or any mix of them to \(result) of \
            \(vectorLength) components.
            """
    }

    private var use: String {
        let verifying = contract.probes.isEmpty ? "" : "\nmoca model verify --model FOLDER"
        let commands =
            "moca embed --model FOLDER --input records.jsonl --output vectors.npy" + verifying
        return (["## Use", "```sh\n\(commands)\n```"] + [files].compactMap { $0 })
            .joined(separator: "\n\n")
    }

    /// Which files say how vectors are computed; nil if none does.
    private var files: String? {
        var sentences: [String] = []
        if let embedder {
            sentences.append("Vectors are computed by the rules of `\(embedder)`.")
            if hasContract { sentences.append("`moca.json` says what differs from them.") }
        } else if hasContract {
            sentences.append("`moca.json` says how vectors are computed.")
        }
        if hasModules {
            sentences.append(
                """
                `modules.json`, `1_Pooling` and `config_sentence_transformers.json` say it to \
                sentence-transformers, as far as its files can: they hold no attention, no \
                template with an image, and no limits of pixels, so that another program must set \
                these itself.
                """)
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    private var vectors: String {
        var rows = [
            ("attention", (contract.attention ?? .bidirectional).rawValue),
            ("pooling", isMultiVector ? "tokens" : (contract.pooling ?? .mean).rawValue),
            ("normalised", contract.normalize ?? true ? "yes" : "no"),
        ]
        if !contract.dimensions.isEmpty {
            let dimensions = contract.dimensions.map(String.init).joined(separator: ", ")
            rows.append(("may be cut to", dimensions))
        }
        if let low = contract.minPixels, let high = contract.maxPixels {
            rows.append(("pixels of an image", "\(low) to \(high)"))
        }
        if let length = contract.maxLength { rows.append(("tokens at most", "\(length)")) }
        for (role, template) in contract.prompts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rows.append(("prompt of \(role.rawValue)", Self.code(template)))
        }
        return "## Vectors\n\n" + Self.table(["setting", "value"], rows.map { [$0.0, $0.1] })
    }

    private var training: String? {
        guard !data.isEmpty || !settings.isEmpty else { return nil }
        var parts = ["## Training"]
        if !data.isEmpty { parts.append("Data: \(data.map(Self.code).joined(separator: ", ")).") }
        if !settings.isEmpty {
            let rows = settings.map { [Self.code($0.key), Self.code($0.value)] }
            parts.append(
                "<details><summary>The recipe</summary>\n\n" + Self.table(["key", "value"], rows)
                    + "\n\n</details>")
        }
        return parts.joined(separator: "\n\n")
    }

    private var results: String? {
        guard !scores.isEmpty else { return nil }
        let rows = scores.map { score in
            [
                score.set, Self.code(score.measure), NumberText.percent(score.value),
                score.interval.map {
                    "\(NumberText.percent($0.lowerBound)) to \(NumberText.percent($0.upperBound))"
                } ?? "", score.queryCount.map(String.init) ?? "",
            ]
        }
        return "## Scores\n\nOf the last evaluation during training, in per cent.\n\n"
            + Self.table(["set", "measure", "score", "95 %", "queries"], rows)
    }

    private var licence: String {
        let lines = bases.map { base -> String in
            let otherwise = base.hasLicenceFile ? "see LICENSE" : "not stated in its files"
            return "- \(base.name): \(base.licence ?? otherwise)"
        }
        guard !lines.isEmpty else {
            return "## Licence\n\nTrained from random weights; no licence is stated."
        }
        return "## Licence\n\nThe licence of a base holds for what is made from it:\n\n"
            + lines.joined(separator: "\n")
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let lines = [head, head.map { _ in "---" }] + rows
        return lines.map { cells in
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    /// A text as code on one line of Markdown.
    private static func code(_ text: String) -> String {
        let line = text.replacing("\n", with: "\\n")
        let fence = line.contains("`") ? "``" : "`"
        let space = line.contains("`") || line.isEmpty ? " " : ""
        return "\(fence)\(space)\(line)\(space)\(fence)"
    }
}

extension ModelCard {
    /// A model that another one was made from.
    package struct Base: Sendable, Hashable {
        /// The name on the Hub, or the name of the folder.
        package var name: String
        /// Whether the name is one of the Hub's.
        package var isPublic: Bool
        /// The identifier of the licence, from the metadata of the base's own card.
        package var licence: String?
        package var hasLicenceFile: Bool

        /// Reads the licence of a model's folder.
        package init(_ folder: URL) {
            let snapshot = HubSnapshot(folder)
            name = snapshot?.name ?? folder.lastPathComponent
            isPublic = snapshot != nil
            hasLicenceFile = FileManager.default.fileExists(
                atPath: folder.appending(path: "LICENSE").path)
            let card = FileManager.default.contents(
                atPath: folder.appending(path: ModelCard.fileName).path)
            licence = card.flatMap { Self.licence(in: String(decoding: $0, as: UTF8.self)) }
        }

        /// The value of `license` in the metadata at the top of a card.
        static func licence(in card: String) -> String? {
            let lines = card.split(separator: "\n", omittingEmptySubsequences: false)
            guard lines.first?.trimmingCharacters(in: .whitespaces) == "---" else { return nil }
            let metadata = lines.dropFirst().prefix {
                $0.trimmingCharacters(in: .whitespaces) != "---"
            }
            for line in metadata where line.hasPrefix("license:") {
                let value = line.dropFirst("license:".count)
                    .trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\"'"))
                return value.wholeMatch(of: /[A-Za-z0-9._+\-]+/) == nil ? nil : value
            }
            return nil
        }
    }
}
