// What is odd about how a shard's members fall into samples: nothing fails, and data is lost.

import MoCaCore

/// Members that are not read, and samples that come apart.
///
/// The `webdataset` library groups neighbouring members by what stands before the first dot, and so
/// does this program: dots in base names, and pictures and texts that are not neighbours, make other
/// samples than their author meant.
package struct WebDatasetOddities: Sendable, Hashable {
    /// How often something was met, and where first.
    package struct Count: Sendable, Hashable {
        package var count = 0
        package var first = ""

        mutating func add(_ name: String) {
            if count == 0 { first = name }
            count += 1
        }
    }

    /// Samples whose key an earlier sample has, which others stand between.
    package var returningKeys = Count()
    /// Members that nothing reads.
    package var unreadMembers = Count()
    /// Samples without a picture, text or JSON.
    package var emptySamples = Count()
    private var keys: Set<UInt64> = []

    package init() {}

    /// The oddities in words, one sentence each.
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

    /// Takes the next sample of the shard into account.
    mutating func add(_ sample: TarSample) {
        // A 64-bit hash of each key: a shard may have millions.
        var hasher = Hasher()
        hasher.combine(ExactText(sample.key))
        let isNew = keys.insert(UInt64(bitPattern: Int64(hasher.finalize()))).inserted
        if !isNew { returningKeys.add(sample.key) }
        let unread = sample.members.filter { !TarSampleReader.reads(ending: $0.ending) }
        for member in unread { unreadMembers.add(member.name) }
        if unread.count == sample.members.count { emptySamples.add(sample.key) }
    }
}
