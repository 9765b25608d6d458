import Testing

@testable import MoCaModel

/// Which axis each rotary frequency rotates by.
@Suite struct AxisLayoutTests {
    @Test func sectionsAreConsecutive() {
        #expect(AxisLayout.consecutive([1, 2, 3]).axisOfFrequency == [0, 1, 1, 2, 2, 2])
    }

    /// The released sections of Qwen3-VL: the axes take turns for 60 frequencies, and time has the
    /// remaining four.
    @Test func interleavedAxesTakeTurns() {
        let axes = AxisLayout.interleaved([24, 20, 20]).axisOfFrequency
        #expect(axes.count == 64)
        #expect(Array(axes.prefix(6)) == [0, 1, 2, 0, 1, 2])
        #expect(Array(axes.suffix(6)) == [1, 2, 0, 0, 0, 0])
        #expect(axes.count { $0 == 0 } == 24 && axes.count { $0 == 1 } == 20)
    }
}
