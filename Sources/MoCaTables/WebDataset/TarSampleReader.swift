// Converts the members of a WebDataset sample to a row.

import Foundation
import MoCaCore
import MoCaSettings
import MoCaSystem

/// Reads one sample.
///
/// The members of `.json` become columns. `text` is the content of `.txt`, or else `text` or
/// `caption` of the JSON. `images` are those listed in the JSON, or else all image members in the
/// order of their names. `__key__` is the base name.
struct TarSampleReader {
    private static let imageEndings: Set<String> = [
        "jpg", "jpeg", "jfif", "jpe", "png", "webp", "avif", "gif", "bmp", "tif", "tiff", "heic",
        "heif", "jxl",
    ]

    var sample: TarSample
    var tar: RandomAccessFile
    var location: RecordLocation

    /// Reads the row, without images if `readsImages` is false.
    ///
    /// - Throws: `DataError.malformedSample`, `.malformedLine`, `.invalidText`, `.inputOutput`.
    func row(readsImages: Bool) throws -> Row {
        if let flaw = sample.flaw { throw DataError.malformedSample(location, reason: flaw) }
        var cells = try json()
        cells["__key__"] = .string(sample.key)
        if let text = try text() {
            cells["text"] = .string(text)
        } else if cells["text"] == nil, let caption = cells["caption"] {
            cells["text"] = caption
        }
        guard readsImages else { return Row(cells, location: location) }
        let images = try images()
        cells["images"] = listed(cells["images"], images)
        return Row(cells, location: location, attachments: attachments(images))
    }

    private func member(_ ending: String) -> TarSample.Member? {
        sample.members.first { $0.ending.lowercased() == ending }
    }

    private func json() throws -> [String: Cell] {
        guard let member = member("json") else { return [:] }
        do {
            if case .object(let members) = try Cell(json: bytes(member)) { return members }
        } catch let fault as JSONFault {
            throw DataError.malformedSample(
                location, reason: "\(fault.reason) at byte \(fault.byte) of \(member.name)")
        }
        throw DataError.malformedSample(location, reason: "\(member.name) is not an object")
    }

    private func text() throws -> String? {
        guard let member = member("txt") else { return nil }
        guard let text = String(validating: try bytes(member), as: UTF8.self) else {
            throw DataError.invalidText(location, column: "txt")
        }
        return text
    }

    private func bytes(_ member: TarSample.Member) throws -> Data {
        let bytes = try tar.read(at: member.offset, count: member.byteCount)
        guard bytes.count == member.byteCount else {
            throw DataError.unreadableArchive(
                path: tar.path, entry: member.name, reason: "the archive ends too early")
        }
        return bytes
    }

    /// Whether a member with this ending is an image, text or JSON that is read.
    static func reads(ending: String) -> Bool {
        let ending = ending.lowercased()
        return ending == "txt" || ending == "json" || isImage(ending)
    }

    private static func isImage(_ ending: String) -> Bool {
        ending.split(separator: ".").last.map { imageEndings.contains($0.lowercased()) } ?? false
    }

    private typealias Image = (member: TarSample.Member, bytes: Data)

    /// The image members, sorted by name, where `2.jpg` comes before `10.jpg`.
    private func images() throws -> [Image] {
        let members = sample.members.filter { Self.isImage($0.ending) }
        return try members.sorted { Self.isBefore($0.ending, $1.ending) }.map { member in
            (member, try bytes(member))
        }
    }

    private static func isBefore(_ a: String, _ b: String) -> Bool {
        let parts = [a, b].map { $0.split(separator: ".").map(String.init) }
        for (x, y) in zip(parts[0], parts[1]) where x != y {
            switch (Int(x), Int(y)) {
            case (let m?, let n?) where m != n: return m < n
            default: return x < y
            }
        }
        return parts[0].count < parts[1].count
    }

    /// The images that a record lists, as bytes if they are members.
    private func listed(_ cell: Cell?, _ images: [Image]) -> Cell {
        let attachments = attachments(images)
        func resolved(_ cell: Cell) -> Cell {
            guard case .string(let name) = cell, let bytes = attachments[ExactText(name)] else {
                return cell
            }
            return .bytes(bytes)
        }
        switch cell {
        case nil, .null: return .list(images.map { .bytes($0.bytes) })
        case .list(let cells): return .list(cells.map(resolved))
        case let single?: return .list([resolved(single)])
        }
    }

    /// The images by their possible names: path, file name, or ending.
    private func attachments(_ images: [Image]) -> [ExactText: Data] {
        var found: [ExactText: Data] = [:]
        for (member, bytes) in images {
            for name in [member.name, (member.name as NSString).lastPathComponent, member.ending] {
                found[ExactText(name)] = bytes
            }
        }
        return found
    }
}
