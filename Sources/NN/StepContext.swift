// What a training step says to layers and losses beside tensors.

import Synchronization
public import Torch

/// Where a run is, for dropout, and what losses are multiplied by, for float16. One belongs to all
/// modules of a model (`ParameterStore.context`).
///
/// A dropout mask is a function of seed, place and module alone, never of the order of calls. So a
/// forward pass that is done again at the same place (large-batch caching, a recomputed layer, a
/// resumed run) drops the same numbers. Whoever runs several forward passes in one step gives each
/// its own `part`, and sets the same part again before it repeats one; `replaying` does that for
/// what is computed again during backward.
public final class StepContext: Sendable {
    /// One forward pass of a run.
    public struct Place: Sendable, Hashable {
        /// Updates done.
        public var step: Int
        /// Which forward pass of the step.
        public var part: Int

        /// The pass `part` of `step`.
        public init(step: Int, part: Int = 0) {
            (self.step, self.part) = (step, part)
        }
    }

    private let state = Mutex<(place: Place?, lossScale: Double)>((nil, 1))

    /// Nowhere: nothing is dropped.
    public init() {}

    /// Where the run is; nil outside of training, where nothing is dropped.
    public var place: Place? {
        get { state.withLock { $0.place } }
        set { state.withLock { $0.place = newValue } }
    }

    /// What losses are multiplied by before backward, so that gradients do not vanish in float16.
    public var lossScale: Double {
        get { state.withLock { $0.lossScale } }
        set { state.withLock { $0.lossScale = newValue } }
    }

    /// The next forward passes are part `part` of the step.
    public func begin(part: Int) {
        state.withLock { $0.place?.part = part }
    }

    /// Backward of a scalar loss, scaled.
    public func backward(_ loss: Tensor) {
        let scale = lossScale
        (scale == 1 ? loss : loss * scale).backward()
    }

    /// `segment` as it runs here, whenever it is called.
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
