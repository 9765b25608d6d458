// An archive read through the C functions alone, as the tests see it.

import CArchive
import Foundation
import MoCaTestSupport

/// The folder of the golden archives.
let fixtures = Repository.fixtures.appending(path: "archive")

/// What a call that failed said.
struct Failed: Error, Equatable {
    var status: carchive_status
    var text: String
}

/// One entry and its bytes.
struct Member: Equatable {
    var name: String
    var type: carchive_type
    var size: Int64
    var modified: Int64
    var position: Int64
    var permissions: UInt32
    var target: String?
    var bytes = Data()
}

/// Throws what a status says.
func check(_ status: carchive_status) throws {
    guard status != CARCHIVE_OK else { return }
    throw Failed(status: status, text: String(cString: carchive_last_error()))
}

/// Every entry of an archive, or the one entry of a stream, read `chunk` bytes at a time.
func members(
    _ paths: [String], _ content: carchive_content = CARCHIVE_ENTRIES, chunk: Int = 1000
) throws -> [Member] {
    let names = paths.map { strdup($0) }
    defer { names.forEach { free($0) } }
    var opened: OpaquePointer?
    try check(
        carchive_open(names.map { UnsafePointer($0) }, Int64(names.count), content, &opened))
    defer { carchive_close(opened) }
    var found: [Member] = []
    var entry = carchive_entry()
    while true {
        let status = carchive_next(opened, &entry)
        if status == CARCHIVE_END { return found }
        try check(status)
        var member = Member(
            name: String(cString: entry.name), type: entry.type, size: entry.size,
            modified: entry.modified, position: entry.position, permissions: entry.permissions,
            target: entry.target.map { String(cString: $0) })
        var buffer = [UInt8](repeating: 0, count: chunk)
        var count = 0
        repeat {
            try check(carchive_read(opened, &buffer, chunk, &count))
            member.bytes += buffer[..<count]
        } while count > 0
        found.append(member)
    }
}
