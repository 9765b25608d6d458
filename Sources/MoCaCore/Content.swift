// What one embedding is made from: text, images, or any mix of them, in order.

public import Foundation

/// Where the encoded bytes of an image are.
public enum ImageSource: Sendable, Hashable {
    /// A file on disk, in any format that the decoder allows.
    case file(URL)
    /// Encoded bytes (JPEG, PNG, ...) and the name that error messages call them by.
    case encoded(Data, name: String)

    /// What an error message calls this image.
    public var name: String {
        switch self {
        case .file(let url): url.path
        case .encoded(_, let name): name
        }
    }
}

/// An ordered sequence of text and images that becomes one embedding.
///
///     let content = Content([.image(.file(photo)), .text("What is in the picture?")])
public struct Content: Sendable, Hashable {
    /// One piece of a content.
    public enum Segment: Sendable, Hashable {
        /// Text, as the tokenizer reads it.
        case text(String)
        /// One image.
        case image(ImageSource)
    }

    /// The pieces, in reading order.
    public var segments: [Segment]

    /// Makes a content of pieces in reading order.
    public init(_ segments: [Segment]) {
        self.segments = segments
    }

    /// A content of text alone.
    public static func text(_ text: String) -> Content {
        Content([.text(text)])
    }

    /// A content of one image file alone.
    public static func image(_ url: URL) -> Content {
        Content([.image(.file(url))])
    }

    /// The images, in reading order.
    public var images: [ImageSource] {
        segments.compactMap { segment in
            if case .image(let source) = segment { source } else { nil }
        }
    }

    /// The texts, in reading order, joined by spaces.
    package var joinedText: String {
        segments.compactMap { segment in
            if case .text(let text) = segment { text } else { nil }
        }.joined(separator: " ")
    }
}

/// The part that a content plays in retrieval; it selects a prompt of the embedding contract.
public struct Role: RawRepresentable, Sendable, Hashable, Codable {
    /// The name in a contract's `prompts`.
    public let rawValue: String

    /// A role of a contract of its own.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// What is looked for.
    public static let query = Role(rawValue: "query")
    /// A text that may be found.
    public static let document = Role(rawValue: "document")
    /// An image, such as a page, that may be found.
    public static let documentImage = Role(rawValue: "document_image")
}
