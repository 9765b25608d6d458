// A table of every distinct image of the data, in few bytes per image.

import MoCaCore
import MoCaData
import MoCaSystem

/// The images' locations, contents and hashes: about 100 bytes per image.
struct ImageTable {
    private struct Place {
        var subset: Int32
        var row: Int32
        var file: Int32
    }

    private var subsets: [String] = []
    private var files: [String] = []
    private var places: [Place] = []
    /// The concatenated paths; images inside records have empty ones.
    private var nameBytes: [UInt8] = []
    private var nameEnds: [Int] = []
    /// Indices of images, by a hash of the path.
    private var numbers: [UInt64: Int32] = [:]
    /// The hashes of the images' bytes; zero for an image whose bytes cannot be read.
    private(set) var contents: [ContentID] = []
    private(set) var looks: [DifferenceHash] = []
    private var facts: [Int: ImageFacts] = [:]
    private static let noContent = ContentID(of: "")

    /// The number of images.
    var count: Int { places.count }

    /// The index of an image; it is new if its facts are not set yet. Images of the same path are
    /// the same image.
    mutating func number(of source: ImageSource, at place: RecordPlace) -> (Int, isNew: Bool) {
        let name = source.name
        // Entries of archives have paths too; other images inside records have none.
        if case .encoded = source, ImageStore.archive(ofImage: name) == nil {
            return (append(name: "", at: place), true)
        }
        var key = ContentID(of: name).short
        while let known = numbers[key] {
            if ExactText(self.name(Int(known))) == ExactText(name) { return (Int(known), false) }
            key &+= 1
        }
        numbers[key] = Int32(count)
        return (append(name: name, at: place), true)
    }

    private mutating func append(name: String, at place: RecordPlace) -> Int {
        if subsets.last != place.subset { subsets.append(place.subset) }
        if files.last != place.file { files.append(place.file) }
        nameBytes += name.utf8
        nameEnds.append(nameBytes.count)
        places.append(
            Place(
                subset: Int32(subsets.count - 1), row: Int32(place.row ?? 0),
                file: Int32(files.count - 1)))
        contents.append(Self.noContent)
        looks.append(DifferenceHash(words: .zero))
        return places.count - 1
    }

    /// Stores the result of an examination.
    mutating func set(_ number: Int, _ found: ImageFacts) {
        if let content = found.content { contents[number] = content }
        if let look = found.look { looks[number] = look }
        // Only facts that are reported later are kept.
        if found.problem != nil || found.isNotable { facts[number] = found }
    }

    /// The problem of an image; nil if there is none.
    func problem(_ number: Int) -> ImageFacts.Problem? { facts[number]?.problem }

    /// The facts of a usable image that is worth a finding; nil otherwise.
    func notableFacts(_ number: Int) -> ImageFacts? {
        facts[number].flatMap { $0.isNotable ? $0 : nil }
    }

    /// Whether the bytes of an image are known.
    func hasContent(_ number: Int) -> Bool { contents[number] != Self.noContent }

    /// The path; empty for an image inside a record.
    private func name(_ number: Int) -> String {
        let start = number == 0 ? 0 : nameEnds[number - 1]
        return String(decoding: nameBytes[start..<nameEnds[number]], as: UTF8.self)
    }

    /// The location of the first record with an image.
    func place(_ number: Int) -> RecordPlace {
        let place = places[number]
        return RecordPlace(
            subset: subsets[Int(place.subset)], row: Int(place.row), file: files[Int(place.file)])
    }

    /// The path, or the record that contains the image.
    func description(_ number: Int) -> String {
        let name = name(number)
        guard name.isEmpty else { return name }
        let place = places[number]
        return "the image in \(subsets[Int(place.subset)])#\(place.row)"
    }
}
