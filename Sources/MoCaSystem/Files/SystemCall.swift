// System calls that change files.

import Foundation
import Synchronization

/// The kinds of system calls; tests can make each of them fail.
enum SystemCall: Sendable {
    case open, lock, truncate, write, setMode, synchronize, rename, exchange, remove, makeFolder

    /// The fault injected into a call by a test.
    enum Fault: Sendable {
        /// The call is not made, and fails with this `errno`.
        case failure(Int32)
        /// A write stores half of its bytes, as on a disk that is about to be full.
        case half
    }

    /// Returns the fault of a call; nil for none.
    typealias FaultRule = @Sendable (SystemCall, _ path: String) -> Fault?

    /// The rule in force, and the thread whose calls it applies to; tests alone set it.
    private static let injected = Mutex<(thread: ObjectIdentifier, rule: FaultRule)?>(nil)

    /// Runs `body` with faults in the calls of this thread. For tests only, one at a time.
    static func withFaults<Value>(
        _ rule: @escaping FaultRule, _ body: () throws -> Value
    ) rethrows -> Value {
        let outer = injected.withLock { $0 }
        injected.withLock { $0 = (ObjectIdentifier(Thread.current), rule) }
        defer { injected.withLock { $0 = outer } }
        return try body()
    }

    /// The rule in force, for a rule that adds to it.
    static var rule: FaultRule? { injected.withLock { $0?.rule } }

    private static func fault(_ call: SystemCall, _ path: String) -> Fault? {
        guard let (thread, rule) = injected.withLock({ $0 }),
            thread == ObjectIdentifier(Thread.current)
        else { return nil }
        return rule(call, path)
    }

    /// Makes a call, and repeats it if a signal interrupts it.
    ///
    /// - Parameter body: returns a negative number and sets `errno` if it fails.
    @discardableResult
    func perform<Value: SignedInteger>(
        _ path: String, _ body: () -> Value
    ) throws(SystemFileError) -> Value {
        try Self.fail(Self.fault(self, path), path)
        return try Self.repeated(path, body)
    }

    private static func fail(_ fault: Fault?, _ path: String) throws(SystemFileError) {
        guard case .failure(let code) = fault else { return }
        throw SystemFileError(path: path, code: code)
    }

    private static func repeated<Value: SignedInteger>(
        _ path: String, _ body: () -> Value
    ) throws(SystemFileError) -> Value {
        while true {
            let value = body()
            if value >= 0 { return value }
            let code = errno
            if code != EINTR { throw SystemFileError(path: path, code: code) }
        }
    }

    /// Writes at the end of an open file.
    ///
    /// - Returns: the number of bytes written, at least 1.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String
    ) throws(SystemFileError) -> Int {
        let fault = fault(.write, path)
        try fail(fault, path)
        let isHalf = if case .half = fault { true } else { false }
        let count = isHalf ? (bytes.count + 1) / 2 : min(bytes.count, 1 << 30)
        let written = try repeated(path) {
            Foundation.write(descriptor, bytes.baseAddress, count)
        }
        guard written > 0 else { throw SystemFileError(path: path, code: EIO) }
        return written
    }

    /// Exchanges two names in one step.
    ///
    /// - Returns: false if the file system does not support it.
    static func exchange(_ first: String, _ second: String) throws(SystemFileError) -> Bool {
        do {
            try SystemCall.exchange.perform(second) { swapNames(first, second) }
            return true
        } catch {
            guard [EINVAL, ENOSYS, ENOTSUP].contains(error.code) else { throw error }
            return false
        }
    }

    private static func swapNames(_ first: String, _ second: String) -> Int32 {
        #if canImport(Darwin)
            return renamex_np(first, second, UInt32(RENAME_SWAP))
        #else
            // Swift's module of the C library does not include this function.
            typealias Rename =
                @convention(c) (
                    Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
                ) -> Int32
            guard let symbol = dlsym(nil, "renameat2") else {
                errno = ENOSYS
                return -1
            }
            let exchange: UInt32 = 2
            return unsafeBitCast(symbol, to: Rename.self)(
                AT_FDCWD, first, AT_FDCWD, second, exchange)
        #endif
    }
}
