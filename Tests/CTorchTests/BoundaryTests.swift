import CTorch
import Testing

/// The C interface itself: no exception crosses it, results are untouched on failure.
@Suite struct BoundaryTests {
    @Test func failureLeavesTheResultAndSaysWhy() {
        var out: ctorch_tensor?
        let sizes: [Int64] = [-1]
        let device = ctorch_device(type: CTORCH_CPU, index: 0)
        #expect(ctorch_full(sizes, 1, 0, CTORCH_FLOAT32, device, &out) == CTORCH_ERROR)
        #expect(out == nil)
        #expect(String(cString: ctorch_last_error()).contains("negative dimension"))
    }

    @Test func nullOperandIsInert() {
        var out: ctorch_tensor?
        #expect(ctorch_add(nil, nil, &out) == CTORCH_INERT)
        #expect(out == nil)
        var rank: Int64 = 7
        #expect(ctorch_tensor_rank(nil, &rank) == CTORCH_INERT)
        #expect(rank == 7)
    }

    @Test func exhaustedMemoryHasItsOwnStatus() {
        var out: ctorch_tensor?
        let sizes: [Int64] = [1 << 46]
        let device = ctorch_device(type: CTORCH_CPU, index: 0)
        let status = ctorch_full(sizes, 1, 0, CTORCH_FLOAT32, device, &out)
        #expect(status != CTORCH_OK)
        #expect(out == nil)
    }

    @Test func unknownTypeIsRefused() {
        var out: ctorch_tensor?
        let device = ctorch_device(type: CTORCH_CPU, index: 0)
        #expect(ctorch_full([1], 1, 0, ctorch_dtype(rawValue: 99), device, &out) == CTORCH_ERROR)
    }

    @Test func wrappedMemoryIsReleasedOnceAlsoOnFailure() {
        final class Counter { var releases = 0 }
        let counter = Counter()
        let bytes = UnsafeMutablePointer<Float>.allocate(capacity: 4)
        defer { bytes.deallocate() }
        for (sizes, succeeds) in [([Int64(4)], true), ([Int64(-4)], false)] {
            let context = Unmanaged.passRetained(counter).toOpaque()
            var out: ctorch_tensor?
            let status = ctorch_tensor_wrap(
                bytes, sizes, 1, CTORCH_FLOAT32, context,
                { Unmanaged<Counter>.fromOpaque($0!).takeRetainedValue().releases += 1 }, &out)
            #expect((status == CTORCH_OK) == succeeds)
            ctorch_tensor_free(out)
        }
        #expect(counter.releases == 2)
    }

    @Test func bufferOfAnotherSizeIsRefused() {
        var out: ctorch_tensor?
        let device = ctorch_device(type: CTORCH_CPU, index: 0)
        #expect(ctorch_full([3], 1, 1, CTORCH_FLOAT32, device, &out) == CTORCH_OK)
        defer { ctorch_tensor_free(out) }
        var buffer = [Float](repeating: 0, count: 2)
        #expect(ctorch_tensor_copy_bytes(out, &buffer, 8) == CTORCH_ERROR)
    }
}
