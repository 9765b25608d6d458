import Foundation
import MoCaSystem
import Testing

/// Locks, files that grow, logs that are cut, and identities.
struct OpenFileTests {
    @Test func aLockKeepsOthersOutUntilItIsReleased() throws {
        try withFolder { folder in
            let url = folder.appending(path: ".lock")
            try {
                let lock = try FileLock(url, removesFile: true)
                #expect(throws: SystemFileError(path: url.path, code: EWOULDBLOCK)) {
                    _ = try FileLock(url)
                }
                withExtendedLifetime(lock) {}
            }()
            #expect(try names(in: folder).isEmpty)
            _ = try FileLock(url)
        }
    }

    @Test func aGrowingFileIsCutAndAppendedTo() throws {
        try withFolder { folder in
            let file = try GrowingFile(folder.appending(path: "a"))
            try file.append(Data("hello world".utf8))
            try file.cut(to: 5)
            try file.append(Data("!".utf8))
            #expect(try file.byteCount() == 6)
            var bytes = [UInt8](repeating: 0, count: 10)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 1) }
            #expect(String(decoding: bytes[..<count], as: UTF8.self) == "ello!")
        }
    }

    @Test func aLogIsCutBackAndGoesOn() throws {
        try withFolder { folder in
            let url = folder.appending(path: "log.jsonl")
            try Data("1\n2\n3\n{\"hal".utf8).write(to: url)
            let log = JSONLinesLog(url) { line in
                (Int(String(decoding: line, as: UTF8.self)) ?? .max) <= 2
            }
            #expect(try log.lines().count == 2)
            #expect(try Data(contentsOf: url).count == 11)
            try log.append(line: "9")
            #expect(try String(contentsOf: url, encoding: .utf8) == "1\n2\n9\n")
            #expect(try log.lines().count == 3)
        }
    }

    @Test func aFileIsReadAtAnyOffset() throws {
        try withFolder { folder in
            let url = folder.appending(path: "a")
            try Data("0123456789".utf8).write(to: url)
            let file = try RandomAccessFile(opening: url.path)
            #expect(try file.read(at: 3, count: 4) == Data("3456".utf8))
            #expect(try file.read(at: 8, count: 1 << 60) == Data("89".utf8))
            #expect(try file.read(at: 20, count: 4).isEmpty)
            let temporary = try RandomAccessFile(temporaryIn: folder, path: "name") { write in
                try Data("abc".utf8).withUnsafeBytes { try write($0) }
            }
            #expect(try temporary.read(at: 1, count: 5) == Data("bc".utf8))
            #expect(try names(in: folder) == ["a"])
            let missing = folder.appending(path: "b").path
            #expect(throws: SystemFileError(path: missing, code: ENOENT)) {
                _ = try RandomAccessFile(opening: missing)
            }
        }
    }

    @Test func identitiesTellPartsApart() {
        func id(_ parts: String...) -> ContentID {
            var hasher = ContentHasher()
            for part in parts { hasher.add(part) }
            return hasher.id
        }
        let all = [id(), id(""), id("ab"), id("a", "b"), id("ab", ""), id("", "ab"), id("b", "a")]
        #expect(Set(all).count == all.count)
        #expect(id("ab") == ContentID(of: "ab"))
        #expect(id("ab") == ContentID(of: Data("ab".utf8)))
        #expect(id("ab").text.count == 32)
        // Python: hashlib.sha256(struct.pack("<Q", 2) + b"ab"), the first half as little-endian.
        #expect(id("ab").text == "cebcb61deb9b1b18a82197a73f2bff5d")
    }
}
