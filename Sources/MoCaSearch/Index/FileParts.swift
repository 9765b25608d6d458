// Splits a file into index items.

import Foundation
import MoCaCore
import MoCaData
import MoCaSystem
import MoCaVectors

/// Reads files and splits them into parts for an index.
struct FileParts {
    private static let excerptLength = 200

    let passages: Passages

    /// A future item and the content to embed for it.
    struct Part: Sendable {
        var item: IndexItem
        var content: Content
        /// The role: `document` or `document_image`.
        var role: Role
    }

    /// The digest of a file's contents and of everything else that determines its items.
    ///
    /// - Throws: an error of the file system, `DataError`.
    func digest(of file: FileScan.File) throws -> String {
        var hasher = ContentHasher()
        hasher.add(file.kind.rawValue)
        let url = URL(fileURLWithPath: file.path)
        hasher.add(try Data(contentsOf: url, options: .mappedIfSafe))
        switch file.kind {
        case .image: break
        case .text: hasher.add("\(passages.characterCountMax)")
        case .records:
            // A changed image at the same path changes the record.
            try forEachRecord(url) { sample in
                for image in sample.content.images { try add(image, to: &hasher) }
            }
        }
        return hasher.id.text
    }

    private func add(_ image: ImageSource, to hasher: inout ContentHasher) throws {
        switch image {
        case .file(let url):
            let values = try url.resourceValues(
                forKeys: [.fileSizeKey, .contentModificationDateKey])
            let changed = values.contentModificationDate?.timeIntervalSince1970 ?? 0
            hasher.add("\(url.path) \(values.fileSize ?? 0) \(changed)")
        case .encoded(let bytes, _): hasher.add(bytes)
        }
    }

    /// The items of a file, in order.
    ///
    /// - Throws: `SearchError.notText`, `DataError`, an error of the file system.
    func parts(of file: FileScan.File, hash: String) throws -> [Part] {
        let url = URL(fileURLWithPath: file.path)
        switch file.kind {
        case .image:
            let item = IndexItem(
                id: file.path, path: file.path, kind: .image, part: nil, excerpt: "",
                picture: nil, hash: hash)
            return [Part(item: item, content: .image(url), role: .documentImage)]
        case .text:
            guard let text = String(validating: try Data(contentsOf: url), as: UTF8.self) else {
                throw SearchError.notText(path: file.path)
            }
            return passages(text).enumerated().map { number, passage in
                part(.text(passage), number + 1, file, hash)
            }
        case .records:
            var parts: [Part] = []
            try forEachRecord(url) { parts.append(part($0.content, parts.count + 1, file, hash)) }
            return parts
        }
    }

    private func part(
        _ content: Content, _ number: Int, _ file: FileScan.File, _ hash: String
    ) -> Part {
        let pictures = content.images.compactMap { image in
            if case .file(let url) = image { url.path } else { nil }
        }
        let isImage = !content.images.isEmpty
        let item = IndexItem(
            id: "\(file.path)#\(number)", path: file.path, kind: isImage ? .image : .text,
            part: number, excerpt: Self.excerpt(of: content.joinedText),
            picture: pictures.first, hash: hash)
        return Part(item: item, content: content, role: isImage ? .documentImage : .document)
    }

    private func forEachRecord(_ url: URL, _ body: (EmbedSample) throws -> Void) throws {
        let images = ImageStore(root: url.deletingLastPathComponent())
        var reader = try EmbedRecordReader(file: url)
        while let record = try reader.next() { try body(EmbedSample(record, images: images)) }
    }

    private static func excerpt(of text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard words.count > excerptLength else { return words }
        return words.prefix(excerptLength - 3) + "..."
    }
}
