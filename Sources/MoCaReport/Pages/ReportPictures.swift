// Thumbnails for pages, with a limit on their total size.

import Foundation
package import MoCaCore
import MoCaImage
import MoCaSystem
import MoCaVectors

/// Makes thumbnails, each once.
package final class ReportPictures {
    /// The identity of an image. Names do not suffice: all `data:` URLs of a record share one.
    private enum Key: Hashable {
        case file(String)
        case encoded(ContentID)

        init(_ source: ImageSource) {
            switch source {
            case .file(let url): self = .file(url.path)
            case .encoded(let bytes, _): self = .encoded(ContentID(of: bytes))
            }
        }
    }

    /// Receives a message about each image that cannot be shown.
    private let warn: (String) -> Void
    /// The encoded thumbnails.
    private var made: [Key: Data] = [:]
    /// The length of the longer side of a thumbnail, in pixels.
    private let side: Int
    /// The remaining image bytes of the page. Each use counts, because a page stores an image's
    /// bytes wherever it shows the image.
    package private(set) var allowance = Int.max
    /// The number of images omitted because of the limit.
    package private(set) var leftOutCount = 0

    /// - Parameters:
    ///   - side: the length of the longer side of a thumbnail, in pixels.
    ///   - warn: receives a message about each image that cannot be shown.
    package init(side: Int = 160, warn: @escaping (String) -> Void) {
        self.side = side
        self.warn = warn
    }

    /// Begins a part of the page with a new allowance.
    ///
    /// - Parameter byteCount: the image bytes that the part may contain.
    package func begin(allowing byteCount: Int) { allowance = byteCount }

    /// A thumbnail of the image file; nil, with a warning, if it cannot be shown.
    ///
    /// - Throws: `ReportError`.
    package func thumbnail(_ path: String) throws -> ReportImage? {
        try thumbnail(.file(URL(fileURLWithPath: path)))
    }

    /// A thumbnail of an image from any source; nil if it cannot be shown or exceeds the allowance.
    ///
    /// - Throws: `ReportError`.
    package func thumbnail(_ source: ImageSource) throws -> ReportImage? {
        try picture(of: source) { _ in }
    }

    /// - Parameter failed: receives the reason if the image cannot be shown.
    private func picture(
        of source: ImageSource, failed: (String) -> Void
    ) throws -> ReportImage? {
        let key = Key(source)
        let name = URL(fileURLWithPath: source.name).lastPathComponent
        do {
            let bytes =
                try made[key] ?? ImageDecoder().image(of: source).thumbnail(side: side).jpeg()
            made[key] = bytes
            return admitted(try ReportImage(bytes, description: name))
        } catch let error as ImageError {
            warn("no picture on the page: \(error.oneLine)")
            failed(error.oneLine)
            return nil
        }
    }

    /// The image, counted against the allowance; nil if it exceeds the allowance.
    package func admitted(_ image: ReportImage) -> ReportImage? {
        guard image.bytes.count <= allowance else {
            leftOutCount += 1
            return nil
        }
        allowance -= image.bytes.count
        return image
    }

    /// The content as shown: its first image and the beginning of its text.
    ///
    /// - Parameter failed: receives the reason if the image cannot be shown.
    /// - Throws: `ReportError`.
    package func content(
        _ content: Content, failed: (String) -> Void = { _ in }
    ) throws -> ReportContent {
        let text = content.joinedText.trimmingCharacters(in: .whitespacesAndNewlines)
        return ReportContent(
            image: try content.images.first.flatMap { try picture(of: $0, failed: failed) },
            text: String(text.prefix(400)))
    }
}
