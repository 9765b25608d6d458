// Probes of a contract: a few inputs whose vectors reveal most mistakes.

import Foundation
import MoCaCore
import MoCaData
package import MoCaEmbedding
import MoCaImage
package import MoCaModel
import MoCaTables

/// Makes the probes of a model's contract.
package struct ProbeWriter {
    private let embedder: Embedder

    package init(_ embedder: Embedder) {
        self.embedder = embedder
    }

    /// The contract of the embedder's model with new probes, whose vectors come from this embedder.
    ///
    /// - Throws: a `UserFacingError`, such as `EmbeddingError.multiVector`, or
    ///   `ModelError.badContract` for a contract that could not be read again.
    package func contract() async throws -> EmbeddingContract {
        try embedder.requireOneVector(for: "probes of a contract")
        var contract =
            try EmbeddingContract(of: embedder.folder, vectorLength: embedder.vectorLength)
            ?? EmbeddingContract()
        // Probes are checked against `moca.json` alone, whatever other files say.
        contract.normalize = contract.normalize ?? embedder.contract.normalize
        contract.probes = []
        let roles = contract.prompts.keys.sorted { $0.rawValue < $1.rawValue }
        for var probe in try probes(of: roles) {
            let content = try Content(probe, name: "probe")
            probe.vector = try await embedder.embed([content], as: probe.role)[0].values
            contract.probes.append(probe)
        }
        let problems = contract.problems(vectorLength: embedder.vectorLength)
        guard problems.isEmpty else {
            let file = embedder.folder.appending(path: EmbeddingContract.fileName)
            throw ModelError.badContract(file: file.path, problems: problems)
        }
        return contract
    }

    /// Text in several scripts, an image, and both if the embedder takes them together, plus one
    /// input for each prompt of the contract, whose roles are all that a probe can name.
    private func probes(of prompted: [Role]) throws -> [EmbeddingContract.Probe] {
        let picture = EmbeddingContract.Probe.dataURL(try Self.picture(), mediaType: "image/png")
        var inputs: [(text: String, images: [String])] = [
            ("A red bus crosses the bridge at dawn.", []),
            ("Cafe\u{301} \u{65e5}\u{672c}\u{8a9e} \u{645}\u{631}\u{62d}\u{628}\u{627} 42%", []),
            (Placeholders.vision, [picture]),
        ]
        if !embedder.takesPagesOnly {
            inputs.append(("\(Placeholders.vision)\nWhat is in the picture?", [picture]))
        }
        let roles: [Role?] = [nil] + prompted
        return roles.enumerated().flatMap { number, role in
            // One input is enough to verify a prompt.
            (number == 0 ? inputs : [inputs[0]]).map {
                EmbeddingContract.Probe(text: $0.text, images: $0.images, role: role, vector: [])
            }
        }
    }

    /// Stripes and a gradient, 60 x 44 pixels: any change of resizing or orientation is visible.
    private static func picture() throws -> Data {
        let (width, height) = (60, 44)
        var samples: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                samples += [UInt8(x * 4), UInt8(y * 5), (x / 5 + y / 3) % 2 == 0 ? 220 : 30]
            }
        }
        return try PixelImage(width: width, height: height, bands: 3, bytes: samples).png()
    }
}

extension Content {
    /// Creates the content of a probe; `name` identifies its images in errors.
    ///
    /// - Throws: `DataError`.
    init(_ probe: EmbeddingContract.Probe, name: String) throws {
        let images = probe.imageData.map { ImageSource.encoded($0 ?? Data(), name: name) }
        try self.init(
            text: probe.text, images: images, syntax: .vision, dropsPlaceholders: false,
            location: RecordLocation(file: name, place: .item(0)), field: "text")
    }
}
