// Compares images with each other, and with those of the evaluation sets, after all records are
// read.

import MoCaSystem

extension DataCheck {
    /// The findings about a usable image, for the first record that has it.
    func notableFindings(_ number: Int, at place: RecordPlace) -> [Finding] {
        guard let facts = images.notableFacts(number) else { return [] }
        let name = images.description(number)
        var found: [Finding] = []
        if facts.isTiny {
            found.append(
                Finding(
                    .tinyImage, at: place,
                    "\(name) has \(facts.width) x \(facts.height) pixels: a side under "
                        + "\(ImageExaminer.sideMin) is enlarged"))
        }
        if let rotation = facts.rotation {
            let effect =
                rotation.isApplied
                ? "the image is turned upright" : "it is ignored, and the image is used as stored"
            found.append(
                Finding(
                    .rotatedImage, at: place,
                    "\(name) has orientation \(rotation.tag) in its EXIF data: \(effect) "
                        + "(data.orientation: \(rotation.isApplied ? "exif" : "ignore"))",
                    severity: rotation.isApplied ? .information : .warning))
        }
        return found
    }

    /// Reports images with the bytes of an earlier one, and images that look like an earlier one.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    func compareImages() throws {
        var firsts: [ContentID: Int] = [:]
        for number in 0..<images.count where images.hasContent(number) {
            guard let first = firsts[images.contents[number]] else {
                firsts[images.contents[number]] = number
                continue
            }
            try log.add([
                Finding(
                    .duplicateImage, at: images.place(number),
                    "\(images.description(number)) has the bytes of \(images.description(first))")
            ])
        }
        let (images, near) = (images, NearHashes(distance: settings.nearDistance))
        for pair in near.pairs(
            images.looks, where: { images.contents[$0] != images.contents[$1] })
        {
            try log.add([
                Finding(
                    .nearDuplicateImage, at: images.place(pair.index),
                    "\(images.description(pair.index)) looks like "
                        + "\(images.description(pair.earlier)) (\(pair.distance) of 256 bits)")
            ])
        }
    }

    /// Reports images that are in an evaluation set, or look like one of its images.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    func compareWithEvaluation() throws {
        guard let evaluation else { return }
        let (images, others) = (images, evaluation.images)
        var known: [ContentID: Int] = [:]
        for number in (0..<others.count).reversed() where others.hasContent(number) {
            known[others.contents[number]] = number
        }
        for number in 0..<images.count where images.hasContent(number) {
            guard let same = known[images.contents[number]] else { continue }
            try log.add([
                Finding(
                    .leakedImage, at: images.place(number),
                    "\(images.description(number)) has the bytes of "
                        + Self.description(same, in: others))
            ])
        }
        let start = others.count
        let near = NearHashes(distance: settings.nearDistance)
        for pair in near.pairs(
            others.looks + images.looks,
            where: { index, earlier in
                index >= start && earlier < start
                    && known[images.contents[index - start]] == nil
            })
        {
            let number = pair.index - start
            try log.add([
                Finding(
                    .leakedNearImage, at: images.place(number),
                    "\(images.description(number)) looks like "
                        + Self.description(pair.earlier, in: others)
                        + " (\(pair.distance) of 256 bits)")
            ])
        }
    }

    private static func description(_ number: Int, in images: ImageTable) -> String {
        let place = images.place(number)
        return "\(images.description(number)), of \(place.subset)#\(place.row ?? 0)"
    }
}
