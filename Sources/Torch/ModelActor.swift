// An actor on a dedicated thread, for all of a model's computation.

import MoCaSystem
import Synchronization

/// An actor whose work always runs on one dedicated thread.
///
/// libtorch keeps its gradient mode, its failure scopes and a team of worker threads per calling
/// thread, so a model computes on one thread from loading to the last result. The thread has a
/// large stack, because freeing deep graphs recurses, and may block, which threads of Swift's own
/// pool must not. It ends when the actor is released and its work is done.
///
/// ```swift
/// let actor = ModelActor()
/// let sum = await actor.run { Tensor([1, 2, 3] as [Float]).sum().item() }
/// ```
public actor ModelActor {
    private nonisolated let executor: ThreadExecutor

    /// Creates an actor and starts its thread.
    ///
    /// - Parameter name: the thread's name in debuggers and in `top`.
    public init(name: String = "moca.model") {
        executor = ThreadExecutor(name: name)
    }

    deinit {
        executor.finish()
    }

    /// The executor that runs this actor's work on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Runs `body` on the actor's thread, after all work submitted before.
    ///
    /// The closure is synchronous: gradient mode and failure scopes belong to the thread, and
    /// cannot be left open while other work of the actor runs. A task that is cancelled while it
    /// waits still runs `body`.
    ///
    /// ```swift
    /// let vectors: [Float] = await actor.run { withoutGradient { model(batch).array() } }
    /// ```
    ///
    /// - Throws: errors of `body`.
    public func run<Value: Sendable>(
        _ body: @Sendable () throws -> Value
    ) rethrows -> Value {
        try body()
    }

    /// Waits for asynchronous code without blocking this actor: while `body` runs, the thread
    /// continues to run work submitted to the actor, including work that `body` submits.
    ///
    /// A long synchronous computation, such as a training run, uses this to let another one, such
    /// as an evaluation, use the same model on the same thread between two of its steps. Outside of
    /// a computation that already holds the actor, use `await` instead.
    ///
    /// ```swift
    /// let scores = try actor.assumeIsolated { try $0.serving { try await evaluation.run() } }
    /// ```
    ///
    /// - Throws: errors of `body`.
    public func serving<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let outcome = Outcome<Value>()
        let executor = executor
        Task.detached {
            do {
                outcome.set(.success(try await body()))
            } catch {
                outcome.set(.failure(error))
            }
            // The thread checks for the result after each job.
            executor.wake()
        }
        while true {
            if let result = outcome.value { return try result.get() }
            executor.runNextJob()
        }
    }

    /// A result that another task sets.
    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)

        var value: Result<Value, any Error>? { result.withLock { $0 } }

        func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }
    }
}

/// Runs jobs one after the other on a dedicated thread.
private final class ThreadExecutor: SerialExecutor {
    /// The queue of jobs; nil only wakes the thread.
    private let jobs = BoundedQueue<UnownedJob?>()
    /// Freeing deep graphs recurses.
    private static let stackSize = 64 << 20

    init(name: String) {
        // The thread keeps the executor until its last job is done.
        _ = DedicatedThread(name: name, stackSize: Self.stackSize) { [self] in
            while let job = jobs.next() { run(job) }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.append(UnownedJob(job))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Lets the thread end after the queued jobs.
    func finish() { jobs.close() }

    /// Makes a waiting call of `runNextJob` return.
    func wake() { jobs.append(nil) }

    /// Waits for a job and runs it; called on the thread, from within a job.
    func runNextJob() {
        guard let job = jobs.next() else { return }
        run(job)
    }

    private func run(_ job: UnownedJob?) {
        job?.runSynchronously(on: asUnownedSerialExecutor())
    }
}
