// The contents of a manifest: the sources of data and how they are processed.

package import Foundation
package import MoCaHub

/// A list of sources.
package struct DataManifest: Sendable, Hashable {
    package let file: URL
    /// The output folder, unless the command names another.
    package let output: URL?
    package let sources: [DataSource]
}

/// One source of data.
package struct DataSource: Sendable, Hashable {
    /// The name of the source in messages, and of its folder of unfinished files.
    package let name: String
    package let origin: Origin
    /// The files that are taken as they are.
    package let files: [Glob]
    /// Exceptions from `files`.
    package let except: [Glob]
    /// The folder for these files, below the output.
    let folder: InnerPath
    package let archives: [ArchiveRule]
    /// Sizes and hashes by file.
    package let checks: [String: FileCheck]
}

/// The three types of sources.
package enum Origin: Sendable, Hashable {
    case hub(HubRepository)
    /// A file of a web server, and the name that it is saved under.
    case url(String, name: String)
    /// A local folder.
    case folder(URL)
}

/// A repository of the Hugging Face Hub.
package struct HubRepository: Sendable, Hashable {
    package typealias Kind = HubReference.Kind

    /// The program that fetches the files.
    package enum Fetcher: String, Sendable, CaseIterable {
        /// The program of huggingface_hub: several connections; restarts a file that was cut off by
        /// a kill.
        case hf
        /// This program, by HTTP: one connection per file; resumes in the middle of a file.
        case http
    }

    /// The name, such as `TIGER-Lab/MMEB-train`.
    package let name: String
    package let kind: Kind
    package let revision: String
    package let fetcher: Fetcher

    /// The repository at its revision.
    var reference: HubReference { HubReference(kind: kind, name: name, revision: revision) }
}

/// A rule that selects archives, or parts of one, and says how to unpack them.
package struct ArchiveRule: Sendable, Hashable {
    package let files: [Glob]
    /// The folder for the entries, below the output.
    let folder: InnerPath
    /// The entries to unpack; empty for all.
    package let entries: [Glob]
    /// The number of leading folders removed from an entry's path.
    package let strip: Int
    /// The size of the unpacked entries in bytes, if known.
    package let unpackedBytes: Int?
    /// The limit of the unpacked size in bytes.
    package let unpackedBytesMax: Int?
    /// Whether the archive is kept after unpacking.
    package let keeps: Bool

    /// The settings that decide which entries are unpacked, and where.
    var fingerprint: String {
        "into \(folder.text), strip \(strip), entries \(entries.map(\.description))"
    }
}
