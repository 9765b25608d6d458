// Probes of a contract: a few inputs whose vectors reveal most mistakes.

import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaImage
import MoCaModel
import MoCaSystem
import MoCaTables

/// Writes probes into a model's contract.
struct ProbeWriter {
    private let embedder: Embedder

    init(_ embedder: Embedder) {
        self.embedder = embedder
    }

    /// Replaces the contract's probes with new ones whose vectors come from this embedder.
    ///
    /// - Throws: a `UserFacingError`.
    func write() async throws {
        let length = embedder.vectorLength
        var contract =
            try EmbeddingContract(of: embedder.folder, vectorLength: length)
            ?? EmbeddingContract()
        contract.probes = []
        for var probe in try probes() {
            let content = try Content(probe, name: "probe")
            probe.vector = try await embedder.embed([content], as: probe.role)[0].values
            contract.probes.append(probe)
        }
        let url = embedder.folder.appending(path: EmbeddingContract.fileName)
        do {
            try AtomicFile.write(contract.fileData(), to: url)
        } catch {
            throw CommandError.cannotWrite(path: url.path, reason: error.fileReason)
        }
    }

    /// Text in several scripts, an image, and both, plus one input for each prompt of the model.
    private func probes() throws -> [EmbeddingContract.Probe] {
        let picture = EmbeddingContract.Probe.dataURL(try Self.picture(), mediaType: "image/png")
        let inputs: [(text: String, images: [String])] = [
            ("A red bus crosses the bridge at dawn.", []),
            ("Cafe\u{301} \u{65e5}\u{672c}\u{8a9e} \u{645}\u{631}\u{62d}\u{628}\u{627} 42%", []),
            (Placeholders.vision, [picture]),
            ("\(Placeholders.vision)\nWhat is in the picture?", [picture]),
        ]
        let roles: [Role?] = [nil] + embedder.roles
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
