// What a manifest says: where data comes from, and what becomes of it.

package import Foundation

/// A list of sources.
package struct DataManifest: Sendable, Hashable {
    package let file: URL
    /// Where the data goes unless the command says otherwise.
    package let output: URL?
    package let sources: [DataSource]
}

/// One place that data comes from.
package struct DataSource: Sendable, Hashable {
    /// Names the source in messages, and its folder of unfinished files.
    package let name: String
    package let origin: Origin
    /// Which files are taken as they are.
    package let files: [Glob]
    /// Which of these are not.
    package let except: [Glob]
    /// Where these go, below the output.
    let folder: InnerPath
    package let archives: [ArchiveRule]
    /// Sizes and hashes by file.
    package let checks: [String: FileCheck]
}

/// The three kinds of places.
package enum Origin: Sendable, Hashable {
    case hub(HubRepository)
    /// A file of a web server, and the name that it gets.
    case url(String, name: String)
    /// A local folder.
    case folder(URL)
}

/// A repository of the Hugging Face Hub.
package struct HubRepository: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case dataset, model
    }

    /// Who fetches its files.
    package enum Fetcher: String, Sendable, CaseIterable {
        /// The program of huggingface_hub: several connections; a file that was cut off by a kill
        /// begins anew.
        case hf
        /// This program, by HTTP: one connection a file; goes on in the middle of a file.
        case http
    }

    /// Such as `TIGER-Lab/MMEB-train`.
    package let name: String
    package let kind: Kind
    package let revision: String
    package let fetcher: Fetcher
}

/// Which files are archives, or parts of one, and how they are unpacked.
package struct ArchiveRule: Sendable, Hashable {
    package let files: [Glob]
    /// Where the entries go, below the output.
    let folder: InnerPath
    /// Which entries are wanted; empty for all.
    package let entries: [Glob]
    /// How many leading folders of an entry's path are left out.
    package let strip: Int
    /// Bytes of the unpacked entries, where they are known.
    package let unpackedBytes: Int?
    /// More than this is refused.
    package let unpackedBytesMax: Int?
    /// Whether the archive stays after it was unpacked.
    package let keeps: Bool

    /// Everything that decides what is unpacked where.
    var fingerprint: String {
        "into \(folder.text), strip \(strip), entries \(entries.map(\.description))"
    }
}

/// What a file must be.
package struct FileCheck: Sendable, Hashable {
    package let size: Int?
    package let sha256: String?
}
