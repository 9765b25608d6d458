// The non-tensor state of a training step that layers and losses read.

import Synchronization
public import Torch

/// The position in a run, for dropout, and the loss scale, for float16. All modules of a model
/// share one (`ParameterStore.context`).
///
/// A dropout mask is a function of seed, position, rank and module alone, never of the order of calls. So
/// a forward pass that is repeated at the same position (large-batch caching, a recomputed layer, a
/// resumed run) drops the same elements. Code that runs several forward passes in one step gives
/// each its own `part`, and sets the same part again before it repeats one; `replaying` does that
/// for segments recomputed during backward.
public final class StepContext: Sendable {
    /// The position of one forward pass in a run.
    public struct Place: Sendable, Hashable {
        /// The number of updates done.
        public var step: Int
        /// The index of the forward pass in the step.
        public var part: Int
        /// The index of the process in a run of several, which drop different elements.
        public var rank: Int

        /// Creates the position of pass `part` of `step`.
        public init(step: Int, part: Int = 0, rank: Int = 0) {
            (self.step, self.part, self.rank) = (step, part, rank)
        }
    }

    private let state = Mutex<(place: Place?, lossScale: Double)>((nil, 1))

    /// Creates a context outside of training, where nothing is dropped.
    public init() {}

    /// The position in the run; nil outside of training, where nothing is dropped.
    public var place: Place? {
        get { state.withLock { $0.place } }
        set { state.withLock { $0.place = newValue } }
    }

    /// The factor of losses before backward, so that gradients do not underflow in float16.
    public var lossScale: Double {
        get { state.withLock { $0.lossScale } }
        set { state.withLock { $0.lossScale = newValue } }
    }

    /// Sets the index of the following forward pass in the step.
    public func begin(part: Int) {
        state.withLock { $0.place?.part = part }
    }

    /// Runs backward of a scalar loss multiplied by the loss scale.
    public func backward(_ loss: Tensor) {
        let scale = lossScale
        (scale == 1 ? loss : loss * scale).backward()
    }

    /// `segment` bound to the current position, whenever it is called.
    public func replaying(
        _ segment: @escaping ([Tensor]) -> Tensor
    ) -> ([Tensor]) -> Tensor {
        let here = place
        return { inputs in
            let before = self.place
            self.place = here
            defer { self.place = before }
            return segment(inputs)
        }
    }
}
