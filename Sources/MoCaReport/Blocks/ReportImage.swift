// Images embedded in pages.

package import Foundation

/// An encoded image with a description.
package struct ReportImage: Sendable, Hashable {
    /// The encoded bytes.
    package let bytes: Data
    /// A description of the image, used as its alternative text.
    package let description: String
    private let mediaType: String

    /// Creates an image from encoded bytes: PNG, JPEG, GIF or WebP, identified by the first bytes.
    ///
    /// - Throws: `ReportError.unknownImage` with the description.
    package init(_ bytes: Data, description: String) throws {
        let head = [UInt8](bytes.prefix(12))
        let isWebP = head.starts(with: Array("RIFF".utf8)) && head.suffix(4) == Array("WEBP".utf8)
        if head.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            mediaType = "image/png"
        } else if head.starts(with: [0xff, 0xd8, 0xff]) {
            mediaType = "image/jpeg"
        } else if head.starts(with: Array("GIF8".utf8)) {
            mediaType = "image/gif"
        } else if isWebP {
            mediaType = "image/webp"
        } else {
            throw ReportError.unknownImage(name: description)
        }
        self.bytes = bytes
        self.description = description
    }

    /// The image as an `img` element that contains its bytes.
    var html: HTML {
        let source = "data:\(mediaType);base64,\(bytes.base64EncodedString())"
        return "<img src=\"\(source)\" alt=\"\(description)\" loading=\"lazy\" />"
    }
}

/// A query or a document as shown: an image, a text, or both.
package struct ReportContent: Sendable, Hashable {
    package var image: ReportImage?
    package var text: String

    package init(image: ReportImage? = nil, text: String = "") {
        self.image = image
        self.text = text
    }
}
