// The input of one embedding: text, images, or any mix of them, in order.

public import Foundation

/// The source of an image's encoded bytes.
public enum ImageSource: Sendable, Hashable {
    /// A file on disk, in any format that the decoder allows.
    case file(URL)
    /// Encoded bytes (JPEG, PNG, ...) and their name in error messages.
    case encoded(Data, name: String)

    /// The name of this image in error messages.
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
    /// One segment of a content.
    public enum Segment: Sendable, Hashable {
        /// Text for the tokenizer.
        case text(String)
        /// One image.
        case image(ImageSource)
    }

    /// The segments, in reading order.
    public var segments: [Segment]
    /// What to embed the content for, if its embedder takes an instruction; nil for the embedder's
    /// own.
    public var instruction: String?
    /// Whether the author of the text has put each image at its place. If not, an embedder joins
    /// texts and images by its own rule, such as a space between them.
    public var isArranged: Bool

    /// Creates a content of segments in reading order.
    public init(_ segments: [Segment], instruction: String? = nil, isArranged: Bool = false) {
        self.segments = segments
        self.instruction = instruction
        self.isArranged = isArranged
    }

    /// The content with other segments.
    package func replacingSegments(_ segments: [Segment]) -> Content {
        Content(segments, instruction: instruction, isArranged: isArranged)
    }

    /// A content with only a text.
    public static func text(_ text: String) -> Content {
        Content([.text(text)])
    }

    /// A content with only one image file.
    public static func image(_ url: URL) -> Content {
        Content([.image(.file(url))])
    }

    /// The images, in reading order.
    public var images: [ImageSource] {
        segments.compactMap { segment in
            if case .image(let source) = segment { source } else { nil }
        }
    }

    /// Whether the content has an image.
    package var hasImages: Bool {
        segments.contains { if case .image = $0 { true } else { false } }
    }

    /// The texts, in reading order, joined by spaces.
    package var joinedText: String {
        segments.compactMap { segment in
            if case .text(let text) = segment { text } else { nil }
        }.joined(separator: " ")
    }
}

/// The role of a content in retrieval; it selects a prompt of the embedding contract.
public struct Role: RawRepresentable, Sendable, Hashable, Codable {
    /// The name in a contract's `prompts`.
    public let rawValue: String

    /// Creates a role with the name that a contract gives it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A query.
    public static let query = Role(rawValue: "query")
    /// A text document that may be retrieved.
    public static let document = Role(rawValue: "document")
    /// An image, such as a page, that may be retrieved.
    public static let documentImage = Role(rawValue: "document_image")
}
