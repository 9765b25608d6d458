import Foundation
import Synchronization

@testable import MoCaSystem

/// Faults at chosen system calls.
final class FaultPlan: Sendable {
    enum Kind: CaseIterable {
        /// The process ends before the call: nothing after it happens.
        case killed
        /// The disk is full from this call on: writes fail, and removals succeed.
        case diskFull
        /// A write stores half of its bytes, and the next one fails.
        case diskFullWithinWrite
        /// One call fails, and the process goes on.
        case inputOutputError
    }

    private struct State {
        var trace: [SystemCall] = []
        var isDown = false
    }

    private let kind: Kind?
    private let index: Int
    private let state = Mutex(State())

    /// A plan that breaks the call `index`; nil breaks none.
    init(_ kind: Kind? = nil, at index: Int = 0) {
        (self.kind, self.index) = (kind, index)
    }

    /// The calls that were asked for.
    var trace: [SystemCall] { state.withLock { $0.trace } }

    /// Runs `body` under the plan.
    func run<Value>(_ body: () throws -> Value) -> Result<Value, any Error> {
        SystemCall.withFaults({ call, _ in self.fault(call) }) { Result { try body() } }
    }

    private func fault(_ call: SystemCall) -> SystemCall.Fault? {
        state.withLock { state in
            let isFirst = state.trace.count == index
            state.trace.append(call)
            guard let kind, isFirst || state.isDown else { return nil }
            state.isDown = true
            switch kind {
            case .killed: return .failure(ECANCELED)
            case .inputOutputError: return isFirst ? .failure(EIO) : nil
            case .diskFull:
                let needsSpace = [.open, .write, .makeFolder, .synchronize].contains(call)
                return needsSpace ? .failure(ENOSPC) : nil
            case .diskFullWithinWrite:
                guard call == .write else { return nil }
                return isFirst ? .half : .failure(ENOSPC)
            }
        }
    }
}

/// Calls `body` with a new folder, and removes it afterwards.
func withFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "moca-files-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// The names in a folder, sorted.
func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}
