// One file, mapped into memory.

public import Foundation
import MoCaSystem

/// A safetensors file mapped into memory: nothing is read until its bytes are touched.
///
///     let file = try SafetensorsFile(mapping: url)
///     let entry = try file.entry("lm_head.weight")
///     let first = try file.withBytes(of: "lm_head.weight") { $0.first }
///
/// The mapping is private and writable: a write goes to a copy of the page in memory, never to the
/// file. The file must not be shortened while it is mapped.
public final class SafetensorsFile: Sendable {
    /// The location of the file.
    public let url: URL
    /// The tensors by name.
    public let entries: [String: SafetensorsEntry]
    /// The names of the tensors in the byte order of their data.
    public let names: [String]
    /// The metadata under `__metadata__`.
    public let metadata: [String: String]

    /// The mapping of the whole file. Only `deinit` frees it, and the class never writes to it.
    private nonisolated(unsafe) let map: UnsafeMutableRawBufferPointer
    private let dataStart: Int

    /// Maps the file at `url` and checks its header.
    ///
    /// - Throws: `SafetensorsError`.
    public init(mapping url: URL) throws {
        self.url = url
        map = try Self.map(url)
        do {
            let header = try SafetensorsHeader(UnsafeRawBufferPointer(map), file: url.path)
            entries = header.entries
            names = header.names
            metadata = header.metadata
            dataStart = header.dataStart
        } catch {
            munmap(map.baseAddress!, map.count)
            throw error
        }
    }

    deinit {
        munmap(map.baseAddress!, map.count)
    }

    /// The header's entry for the tensor `name`.
    ///
    /// - Throws: `SafetensorsError.unknownTensor`.
    public func entry(_ name: String) throws -> SafetensorsEntry {
        guard let entry = entries[name] else {
            throw SafetensorsError.unknownTensor(file: url.path, tensor: name)
        }
        return entry
    }

    /// The bytes of the tensor `name`, valid while this object lives: code that keeps them must
    /// keep it too (Swift may free an object after its last use, even before its scope ends).
    ///
    /// - Throws: `SafetensorsError.unknownTensor`.
    public func bytes(of name: String) throws -> UnsafeMutableRawBufferPointer {
        let range = try entry(name).byteRange
        return UnsafeMutableRawBufferPointer(
            rebasing: map[dataStart + range.lowerBound..<dataStart + range.upperBound])
    }

    /// Calls `body` with the bytes of the tensor `name`, and keeps the file alive during the call.
    ///
    /// - Throws: `SafetensorsError.unknownTensor`, errors of `body`.
    public func withBytes<Result>(
        of name: String, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        try withExtendedLifetime(self) { try body(bytes(of: name)) }
    }

    /// Whether the bytes of `name` are aligned to its element size, so that they may be used in
    /// place.
    ///
    /// - Throws: `SafetensorsError.unknownTensor`.
    public func isAligned(_ name: String) throws -> Bool {
        let entry = try entry(name)
        return (dataStart + entry.byteRange.lowerBound).isMultiple(of: entry.dtype.alignment)
    }

    /// Releases the memory of the whole pages of `name`, for use after its bytes were copied.
    /// Reading them later fetches them from the file again; writes to them are lost.
    ///
    /// - Throws: `SafetensorsError.unknownTensor`.
    public func release(_ name: String) throws {
        let bytes = try bytes(of: name)
        guard let base = bytes.baseAddress else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let begin = (UInt(bitPattern: base) + page - 1) / page * page
        let end = (UInt(bitPattern: base) + UInt(bytes.count)) / page * page
        guard begin < end, let first = UnsafeMutableRawPointer(bitPattern: begin) else { return }
        // A failure costs memory, not correctness.
        _ = madvise(first, Int(end - begin), Int32(MADV_DONTNEED))
    }

    private static func map(_ url: URL) throws -> UnsafeMutableRawBufferPointer {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR {
                throw PickledWeights.errorForMissing(url)
            }
            throw SafetensorsError.unreadable(file: url.path, reason: systemErrorText())
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SafetensorsError.unreadable(file: url.path, reason: systemErrorText())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SafetensorsError.unreadable(file: url.path, reason: "not a regular file")
        }
        let size = Int(status.st_size)
        guard !GitLFSPointer.isPointer(at: url) else {
            throw SafetensorsError.lfsPointer(file: url.path)
        }
        guard size >= 8 else { throw SafetensorsError.noHeader(file: url.path, size: size) }
        // Without MAP_NORESERVE Linux refuses to map a file larger than the machine's memory.
        let base = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
        guard let base, base != MAP_FAILED else {
            throw SafetensorsError.unreadable(file: url.path, reason: systemErrorText())
        }
        return UnsafeMutableRawBufferPointer(start: base, count: size)
    }
}

/// The system's error text for the current `errno`.
func systemErrorText() -> String {
    String(cString: strerror(errno))
}
