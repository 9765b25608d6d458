// Small pictures for pages, and how many bytes of them a page may hold.

package import Foundation
package import MoCaCore
import MoCaImage
import MoCaSystem
import MoCaVectors

/// Small pictures, each made once.
package final class ReportPictures {
    /// Tells pictures apart. Names do not: all `data:` URLs of a record have one.
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

    /// Receives a line about each picture that cannot be shown.
    private let warn: (String) -> Void
    /// Encoded pictures.
    private var made: [Key: Data] = [:]
    private let side = 160
    /// Bytes of pictures that may still be shown; each showing counts, for a page holds its bytes
    /// wherever it shows them.
    package private(set) var allowance = Int.max
    /// Pictures that were left out for the page's size.
    package private(set) var leftOutCount = 0

    /// - Parameter warn: receives a line about each picture that cannot be shown.
    package init(warn: @escaping (String) -> Void) {
        self.warn = warn
    }

    /// Begins a part of the page.
    ///
    /// - Parameter byteCount: bytes of pictures that it may hold.
    package func begin(allowing byteCount: Int) { allowance = byteCount }

    /// The picture, small enough for a page; nil, with a warning, where it cannot be shown.
    ///
    /// - Throws: `ReportError`.
    package func thumbnail(_ path: String) throws -> ReportImage? {
        try thumbnail(.file(URL(fileURLWithPath: path)))
    }

    /// The same of an image from anywhere; nil also where the page is full.
    ///
    /// - Throws: `ReportError`.
    package func thumbnail(_ source: ImageSource) throws -> ReportImage? {
        try picture(of: source) { _ in }
    }

    /// - Parameter failed: told why there is no picture, where it cannot be shown.
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

    /// A picture that was made elsewhere; nil where the page is full.
    package func admitted(_ image: ReportImage) -> ReportImage? {
        guard image.bytes.count <= allowance else {
            leftOutCount += 1
            return nil
        }
        allowance -= image.bytes.count
        return image
    }

    /// A content as it is shown: its first picture and the beginning of its text.
    ///
    /// - Parameter failed: told why there is no picture, where it cannot be shown.
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
