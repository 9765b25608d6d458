// `reconstructions.json` as rows of a report.

import Foundation
import MoCaReport

extension ReconstructionList {
    /// Reads the list of a folder.
    ///
    /// - Throws: `CommandError.cannotRead`.
    init(in folder: URL) throws {
        let file = folder.appending(path: Self.fileName)
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        } catch is DecodingError {
            throw CommandError.cannotRead(
                path: file.path, reason: "it is not what `moca reconstruct` writes")
        } catch {
            throw CommandError.cannotRead(path: file.path, reason: error.localizedDescription)
        }
    }

    /// What is to be seen, and how well it went over all pictures.
    var explanation: String {
        var text =
            "Each image token's patches were masked with probability \(maeRatio) "
            + "(seed \(seed)), and filled in by the patch decoder."
        let pairs = items.compactMap { item -> (error: Double, baseline: Double)? in
            guard let error = item.meanSquaredError, let baseline = item.baselineError else {
                return nil
            }
            return (error, baseline)
        }
        guard !pairs.isEmpty else { return text }
        let count = Double(pairs.count)
        let error = Message.text(pairs.reduce(0) { $0 + $1.error } / count, 3)
        let baseline = Message.text(pairs.reduce(0) { $0 + $1.baseline } / count, 3)
        text +=
            " Squared error of normalised pixels: \(error) in the mean over pictures; filling "
            + "in the mean of the visible patches: \(baseline)."
        return text
    }

    /// A row a picture.
    ///
    /// - Throws: `CommandError.cannotRead`, `ReportError`.
    func rows(in folder: URL) throws -> [Reconstruction] {
        func picture(_ name: String, _ description: String) throws -> ReportImage {
            let file = folder.appending(path: name)
            let data: Data
            do {
                data = try Data(contentsOf: file)
            } catch {
                throw CommandError.cannotRead(
                    path: file.path, reason: error.localizedDescription)
            }
            return try ReportImage(data, description: description)
        }
        return try items.map { item in
            let name = URL(fileURLWithPath: item.path).lastPathComponent
            var caption = "\(item.maskedPatches) of \(item.patches) patches masked"
            if let error = item.meanSquaredError, let baseline = item.baselineError {
                caption +=
                    "; error \(Message.text(error)), mean of the visible "
                    + Message.text(baseline)
            }
            return Reconstruction(
                original: try picture(item.panels.original, name),
                masked: try picture(item.panels.masked, "\(name), masked"),
                reconstructed: try picture(
                    item.panels.reconstructed, "\(name), reconstructed"), caption: caption)
        }
    }
}
