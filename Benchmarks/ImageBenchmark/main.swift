// Preprocessing speed on one thread: every image of a folder (first argument) becomes patches.
// The peer is scripts/bench/image.py; run both in turn on the same folder and compare.

import Foundation
import MoCaCore
import MoCaImage

let folder = URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? ".")
let rounds = CommandLine.arguments.dropFirst(2).first.flatMap(Int.init) ?? 3
let suffixes: Set<String> = [
    "jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "jxl",
]
let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    .filter { suffixes.contains($0.pathExtension.lowercased()) }
    .sorted { $0.path < $1.path }
let preprocessor = ImagePreprocessor(configuration: ImageProcessorConfiguration())
// The first image pays for the start of libvips.
if let first = files.first { _ = try preprocessor.patches(of: .file(first)) }

/// Seconds of the fastest of `rounds` runs of `body` over all files.
func fastest(_ body: (URL) throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<rounds {
        let start = ContinuousClock.now
        for file in files { try body(file) }
        best = min(best, (ContinuousClock.now - start) / .seconds(1))
    }
    return best
}

let whole = try fastest { _ = try preprocessor.patches(of: .file($0)) }
let decoding = try fastest { _ = try preprocessor.decoder.image(of: .file($0)) }
let images = try files.map { try preprocessor.decoder.image(of: .file($0)) }
let resizing = try ContinuousClock().measure {
    for image in images { _ = try preprocessor.patches(of: image) }
}
let report: [String: Any] = [
    "images": files.count,
    "images_per_second": Double(files.count) / whole,
    "decode_images_per_second": Double(files.count) / decoding,
    "patches_images_per_second": Double(files.count) / (resizing / .seconds(1)),
]
let line = try JSONSerialization.data(withJSONObject: report, options: .sortedKeys)
print(String(decoding: line, as: UTF8.self))
