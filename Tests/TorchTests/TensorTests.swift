import MoCaCore
import Testing

@testable import Torch

@Suite struct TensorTests {
    @Test func linkedVersionIsThePinnedOne() {
        #expect(LibTorch.version == "2.13.0")
    }

    @Test func valuesComeBack() {
        let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        #expect(x.shape == [2, 3])
        #expect(x.dtype == .float32)
        #expect(x.array(Float.self) == [1, 2, 3, 4, 5, 6])
        #expect(x.array(Int32.self) == [1, 2, 3, 4, 5, 6])
        #expect(x.transposed(0, 1).array(Float.self) == [1, 4, 2, 5, 3, 6])
        #expect(Tensor([] as [Float], shape: [0, 3]).array(Float.self) == [])
    }

    @Test(arguments: DType.allCases)
    func everyTypeRoundTrips(dtype: DType) {
        let x = Tensor([0, 1, 1, 0] as [Float]).to(dtype)
        #expect(x.dtype == dtype)
        #expect(x.array(Float.self) == [0, 1, 1, 0])
        #expect(x.withBytes { $0.count } == 4 * dtype.byteCount)
    }

    @Test func arithmeticBroadcasts() {
        let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        let row = Tensor([10, 20] as [Float])
        #expect((x + row).array(Float.self) == [11, 22, 13, 24])
        #expect((x * row - 1).array(Float.self) == [9, 39, 29, 79])
        #expect((row / x).array(Float.self) == [10, 10, Float(10) / 3, 5])
        #expect((-x).sum().item() == -10)
        #expect(x.mean([0], keepingAxes: true).shape == [1, 2])
        #expect(x.matmul(x).array(Float.self) == [7, 10, 15, 22])
    }

    @Test func rowsArePickedAndPlaced() {
        let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
        let index = Tensor([2, 0] as [Int])
        #expect(x.indexed(0, by: index).array(Float.self) == [5, 6, 1, 2])
        let source = Tensor([9, 9, 8, 8] as [Float], shape: [2, 2])
        #expect(x.replacingRows(at: index, with: source).array(Float.self) == [8, 8, 3, 4, 9, 9])
        #expect(x.addingRows(at: index, of: source).array(Float.self) == [9, 10, 3, 4, 14, 15])
        #expect(x.array(Float.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test func sameSeedSameNumbers() {
        var first = RandomSource(seed: 7)
        var second = RandomSource(seed: 7)
        let a = Tensor.normal([100], using: &first)
        let b = Tensor.normal([100], using: &second)
        #expect(a.array(Float.self) == b.array(Float.self))
        #expect(first == second)
        #expect(Tensor.normal([100], using: &first).array(Float.self) != a.array(Float.self))
    }

    @Test func failureInsideAScopeIsThrownWithItsPlace() throws {
        let x = Tensor.zeros([2, 3])
        let error = #expect(throws: TorchError.self) {
            try catchingTorchErrors {
                let wrong = x.matmul(x)
                // What follows is inert and reads as zeros.
                #expect(wrong.shape == [])
                #expect((wrong + x).sum().item() == 0)
                #expect(wrong.array(Float.self) == [])
            }
        }
        let text = try #require(error?.errorDescription)
        #expect(text.contains("matmul(float32[2, 3], float32[2, 3])"))
        #expect(text.contains("TensorTests.swift"))
        #expect(text.contains("mat1 and mat2 shapes cannot be multiplied"))
        #expect(!text.contains("Exception raised from"))
    }

    @Test func firstFailureWinsAndScopesNest() throws {
        let value = try catchingTorchErrors {
            #expect(throws: TorchError.self) {
                try catchingTorchErrors { _ = Tensor.zeros([2]).reshaped([3]) }
            }
            return Tensor.ones([2]).sum().item()
        }
        #expect(value == 2)
    }

    @Test func handlesAreFreedAtLastUse() {
        let before = LibTorch.liveTensorCount
        for _ in 0..<100 {
            let x = Tensor.ones([64, 64])
            _ = (x + x).matmul(x).sum().item()
        }
        // Other tests run at the same time, so only a leak of many shows.
        #expect(LibTorch.liveTensorCount < before + 100)
    }
}
