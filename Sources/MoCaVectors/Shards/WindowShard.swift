// One process's share of an input that several processes embed.

package import Foundation

/// The windows of an input that one of several processes embeds: every `count`th one, beginning with
/// number `index`.
///
/// Windows are formed as by a process that embeds the whole input. The vectors of a window depend on
/// nothing else, so those of all shards together are bitwise equal to those of one process.
package struct WindowShard: Sendable, Hashable, Codable {
    /// The largest number of shards.
    package static let countMax = 1_000_000
    /// The shard of a single process, which has all windows.
    static let whole = WindowShard(index: 0, of: 1)

    /// The number of the shard, from 0.
    package let index: Int
    /// The number of shards.
    package let count: Int

    /// Creates shard number `index` of `count`.
    package init(index: Int, of count: Int) {
        precondition(Self.isValid(index, of: count), "there is no shard \(index) of \(count)")
        (self.index, self.count) = (index, count)
    }

    /// Reads `I/N`, such as `0/8` for the first of eight shards; nil for any other text.
    package init?(text: String) {
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 2, let index = Int(numbers[0]), let count = Int(numbers[1]),
            Self.isValid(index, of: count)
        else { return nil }
        self.init(index: index, of: count)
    }

    private static func isValid(_ index: Int, of count: Int) -> Bool {
        (1...countMax).contains(count) && (0..<count).contains(index)
    }

    /// Whether the numbers, which may have been read from a file, are those of a shard.
    var isValid: Bool { Self.isValid(index, of: count) }

    /// Whether the shard has the window of this number, counted from 0.
    func contains(window: Int) -> Bool { window % count == index }

    /// The shard of one of several processes that divide this shard among them.
    package func divided(rank: Int, of worldSize: Int) -> WindowShard {
        WindowShard(index: index * worldSize + rank, of: count * worldSize)
    }

    /// The folder of the shard's vectors, beside the output that all parts together become.
    package func part(of output: URL) -> URL {
        output.appendingPathExtension("part-\(index)-of-\(count)")
    }

    /// Whether a name is that of a part of some output.
    static func isPart(name: String) -> Bool {
        name.contains(/\.part-[0-9]+-of-[0-9]+$/)
    }

    /// Whether a name is that of a part of the output of this name.
    static func isPart(name: String, of output: String) -> Bool {
        name.hasPrefix(output + ".")
            && name.dropFirst(output.count).wholeMatch(of: /\.part-[0-9]+-of-[0-9]+/) != nil
    }
}
