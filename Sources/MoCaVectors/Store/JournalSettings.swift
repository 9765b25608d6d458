// How the vectors of a journal are computed, and which records of the input it has.

import Foundation

/// The contents of `settings.json` in the folder of a journal.
struct JournalSettings: Codable, Sendable, Hashable {
    static let currentFormat = 2

    /// What a journal of one of several shards also depends on.
    struct Part: Codable, Sendable, Hashable {
        var shard: WindowShard
        /// The limits of the windows of all shards.
        var windows: WindowLimits
        /// The model's name with its revision, or its folder; only used in messages.
        var model: String
    }

    /// The version of the folder's layout; nil before versions were stored.
    var format: Int? = currentFormat
    var conditions: VectorConditions
    /// The role whose prompt is applied to each record.
    var role: String?
    /// The shard; nil in the journal of a whole input.
    var part: Part?

    init(conditions: VectorConditions, role: String?, part: Part? = nil) {
        (self.conditions, self.role, self.part) = (conditions, role, part)
    }

    /// Reads the contents of `settings.json`.
    ///
    /// - Throws: `VectorError.damagedProgress`.
    init(reading data: Data, in folder: URL) throws {
        let file = folder.appending(path: "settings.json").path
        do {
            self = try JSONDecoder().decode(JournalSettings.self, from: data)
        } catch {
            throw VectorError.damagedProgress(file: file, reason: "it is not a list of settings")
        }
        guard format == Self.currentFormat else {
            throw VectorError.damagedProgress(
                file: file, reason: "another version of this program wrote it")
        }
    }

    /// Whether a record may have several vectors.
    var isMultiVector: Bool { conditions.tokenVectors != nil }

    /// The names of the settings that differ from `other`, except those that only change rounding.
    func differences(from other: JournalSettings) -> [String] {
        var names = conditions.differences(from: other.conditions)
        if role != other.role { names.append("prompt") }
        if part?.windows != other.part?.windows { names.append("batch-tokens") }
        if part?.shard.count != other.part?.shard.count { names.append("number of shards") }
        return names
    }
}

/// The limits of a window: records are added until one of them is reached.
struct WindowLimits: Codable, Sendable, Hashable {
    /// The number of records.
    var records = 4096
    /// The approximate number of tokens.
    var tokens: Int
    /// The number of tokens that an image counts as.
    var tokensPerImage: Int

    private enum CodingKeys: String, CodingKey {
        case records, tokens
        case tokensPerImage = "tokens_per_image"
    }
}
