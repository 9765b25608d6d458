// Irregularities in a shard's grouping of members into samples, which silently lose data.

import MoCaCore

/// Members that are not read, and samples that are split.
///
/// This program groups like the `webdataset` library: adjacent members with the same name before
/// the first dot form a sample. Dots in base names, and images and texts that are not adjacent,
/// therefore form other samples than the author intended.
package struct WebDatasetOddities: Sendable, Hashable {
    /// The number of occurrences, and the first one.
    package struct Count: Sendable, Hashable {
        package var count = 0
        package var first = ""

        mutating func add(_ name: String) {
            if count == 0 { first = name }
            count += 1
        }
    }

    /// Samples with the key of an earlier sample that is not adjacent.
    package var returningKeys = Count()
    /// Members that nothing reads.
    package var unreadMembers = Count()
    /// Samples without an image, text or JSON.
    package var emptySamples = Count()
    private var keys: Set<UInt64> = []

    package init() {}

    /// Descriptions of the irregularities, one sentence each.
    package var sentences: [String] {
        var found: [String] = []
        if returningKeys.count > 0 {
            found.append(
                "\(returningKeys.count) samples have the key of an earlier one (first: "
                    + "\(returningKeys.first)): members of a sample must be neighbours")
        }
        if unreadMembers.count > 0 {
            found.append(
                "\(unreadMembers.count) members are not read (first: \(unreadMembers.first)): the "
                    + "key of a sample ends at the first dot of its members' names")
        }
        if emptySamples.count > 0 {
            found.append(
                "\(emptySamples.count) samples have no picture, text or JSON (first: "
                    + "\(emptySamples.first))")
        }
        return found
    }

    /// Checks the next sample of the shard.
    mutating func add(_ sample: TarSample) {
        // Keys are stored as 64-bit hashes: a shard may have millions.
        var hasher = Hasher()
        hasher.combine(ExactText(sample.key))
        let isNew = keys.insert(UInt64(bitPattern: Int64(hasher.finalize()))).inserted
        if !isNew { returningKeys.add(sample.key) }
        let unread = sample.members.filter { !TarSampleReader.reads(ending: $0.ending) }
        for member in unread { unreadMembers.add(member.name) }
        if unread.count == sample.members.count { emptySamples.add(sample.key) }
    }
}
