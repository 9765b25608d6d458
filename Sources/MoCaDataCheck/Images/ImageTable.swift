// Every distinct image of the data, in few bytes each.

import MoCaCore
import MoCaSystem

/// What is known of the images: place, contents, look. About 100 bytes an image.
struct ImageTable {
    private struct Place {
        var subset: Int32
        var row: Int32
        var file: Int32
    }

    private var subsets: [String] = []
    private var files: [String] = []
    private var places: [Place] = []
    /// The paths, one after the other; images inside records have none.
    private var nameBytes: [UInt8] = []
    private var nameEnds: [Int] = []
    /// By a hash of the path.
    private var numbers: [UInt64: Int32] = [:]
    /// Zero for an image whose bytes cannot be read.
    private(set) var contents: [ContentID] = []
    private(set) var looks: [DifferenceHash] = []
    private var facts: [Int: ImageFacts] = [:]
    private static let noContent = ContentID(of: "")

    /// Number of images.
    var count: Int { places.count }

    /// The number of an image; it is new where its facts are not set yet. An image of a path is the
    /// same wherever it occurs.
    mutating func number(of source: ImageSource, at place: RecordPlace) -> (Int, isNew: Bool) {
        if case .encoded = source { return (append(name: "", at: place), true) }
        let name = source.name
        var key = ContentID(of: name).short
        while let known = numbers[key] {
            if self.name(Int(known)) == name { return (Int(known), false) }
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

    /// Notes what an examination found.
    mutating func set(_ number: Int, _ found: ImageFacts) {
        if let content = found.content { contents[number] = content }
        if let look = found.look { looks[number] = look }
        // Only images with something to say are kept whole.
        if found.problem != nil || found.isTiny { facts[number] = found }
    }

    /// What is wrong with an image.
    func problem(_ number: Int) -> ImageFacts.Problem? { facts[number]?.problem }

    /// The size of an image that is small.
    func tinySize(_ number: Int) -> (width: Int, height: Int)? {
        facts[number].flatMap { $0.isTiny ? ($0.width, $0.height) : nil }
    }

    /// Whether the bytes of an image are known.
    func hasContent(_ number: Int) -> Bool { contents[number] != Self.noContent }

    /// The path; empty for an image inside a record.
    private func name(_ number: Int) -> String {
        let start = number == 0 ? 0 : nameEnds[number - 1]
        return String(decoding: nameBytes[start..<nameEnds[number]], as: UTF8.self)
    }

    /// The record in which an image occurs first.
    func place(_ number: Int) -> RecordPlace {
        let place = places[number]
        return RecordPlace(
            subset: subsets[Int(place.subset)], row: Int(place.row), file: files[Int(place.file)])
    }

    /// The path, or the record that holds the image.
    func description(_ number: Int) -> String {
        let name = name(number)
        guard name.isEmpty else { return name }
        let place = places[number]
        return "the image in \(subsets[Int(place.subset)])#\(place.row)"
    }
}
