// Tells one model's folder from another.

import Foundation
import Safetensors

/// A fingerprint of everything in a folder that decides what its vectors are.
enum ModelFingerprint {
    /// The contents of settings and tokenizer, and of each file of weights its size and the time of
    /// its last change.
    ///
    /// - Throws: an error of the file system.
    static func text(of folder: URL) throws -> String {
        var fingerprint = Fingerprint()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for name in files.sorted() {
            let url = folder.appending(path: name)
            switch url.pathExtension {
            case "json", "txt":
                fingerprint.add(name)
                fingerprint.add(try Data(contentsOf: url, options: .mappedIfSafe))
            case "safetensors":
                let values = try url.resolvingSymlinksInPath().resourceValues(
                    forKeys: [.fileSizeKey, .contentModificationDateKey])
                let changed = values.contentModificationDate?.timeIntervalSince1970 ?? 0
                fingerprint.add("\(name) \(values.fileSize ?? 0) \(changed)")
            default: continue
            }
        }
        return fingerprint.text
    }
}
