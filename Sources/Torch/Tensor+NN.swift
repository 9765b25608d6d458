// Operators of neural networks.

import CTorch

extension Tensor {
    /// The matrix product; leading axes broadcast.
    public func matmul(
        _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("matmul", other, file, line) { ctorch_matmul($0, $1, $2) }
    }

    /// `x weight^T + bias`: x `[..., in]`, weight `[out, in]`, bias `[out]` -> `[..., out]`.
    public func linear(
        _ weight: Tensor, _ bias: Tensor?, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let bias else {
            return call("linear", weight, file, line) { ctorch_linear($0, $1, nil, $2) }
        }
        return call("linear", weight, bias, file, line) { ctorch_linear($0, $1, $2, $3) }
    }

    /// The rows of this table `[n, width]` at `indices` (int64 `[...]`) -> `[..., width]`.
    public func embedding(
        _ indices: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("embedding", indices, file, line) { ctorch_embedding($0, $1, $2) }
    }

    /// GELU by the error function, or by its tanh approximation.
    public func gelu(
        usesTanh: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("gelu", file, line) { ctorch_gelu($0, usesTanh ? 1 : 0, $1) }
    }

    /// `1 / (1 + exp(-self))`, element-wise.
    public func sigmoid(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("sigmoid", file, line) { ctorch_sigmoid($0, $1) }
    }

    /// The sum over rows of `-log softmax(row)[target]`: logits `[n, classes]`, targets int64
    /// `[n]`; rows whose target is `ignored` are excluded.
    public func crossEntropySum(
        _ targets: Tensor, ignored: Int = -100, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("crossEntropySum", targets, file, line) {
            ctorch_cross_entropy_sum($0, $1, Int64(ignored), $2)
        }
    }

    /// `-log softmax(row)[target]` per row: logits `[n, classes]`, targets int64 `[n]` -> `[n]`.
    public func crossEntropy(
        _ targets: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("crossEntropy", targets, file, line) { ctorch_cross_entropy($0, $1, $2) }
    }

    /// Computes `linear(weight, nil).to(.float32).crossEntropySum(targets)` of states `[n, width]`,
    /// with logits of `chunk` rows at a time. Gradients are computed with the loss: backward runs
    /// once. `scale` is the expected gradient of the sum; gradients are rounded to the type of the
    /// weight after this factor, so that small ones do not underflow in float16.
    ///
    /// - Returns: the sum, and, without gradients, `[n, 2]`: each row's loss, and 1 if no logit
    ///   exceeds the target's.
    public func linearCrossEntropy(
        _ weight: Tensor, _ targets: Tensor, chunk: Int, scale: Double = 1,
        file: StaticString = #fileID, line: UInt = #line
    ) -> (sum: Tensor, rows: Tensor) {
        var rows: ctorch_tensor?
        let sum = call("linearCrossEntropy", weight, targets, file, line) {
            ctorch_linear_cross_entropy($0, $1, $2, Int64(chunk), scale, $3, &rows)
        }
        return (sum, Tensor(handle: rows))
    }

    /// `softmax(q k^T scale) v` over `[B, H, L, D]`; keys and values may have fewer heads, each
    /// shared by a group of query heads.
    public func attention(
        keys: Tensor, values: Tensor, isCausal: Bool, scale: Double,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("attention", keys, values, file, line) {
            ctorch_attention($0, $1, $2, isCausal ? 1 : 0, scale, $3)
        }
    }

    /// `x / sqrt(mean(x^2) + epsilon)` over the last axis in float32, rounded to the type of x,
    /// times `weight` in that type.
    public func rmsNorm(
        _ weight: Tensor, epsilon: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("rmsNorm", weight, file, line) { ctorch_rms_norm($0, $1, epsilon, $2) }
    }

    /// `(x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias` over the last axis, as
    /// `torch.nn.functional.layer_norm`.
    public func layerNorm(
        _ weight: Tensor, _ bias: Tensor, epsilon: Double, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        call("layerNorm", weight, bias, file, line) {
            ctorch_layer_norm($0, $1, $2, epsilon, $3)
        }
    }

    /// `silu(self) * up`, element-wise.
    public func siluMultiplied(
        _ up: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("siluMultiplied", up, file, line) { ctorch_silu_multiply($0, $1, $2) }
    }

    /// Rotates the pairs (i, i + D/2) of every head: x `[T, H, D]`, tables `[T, D]`, in the tables'
    /// type.
    public func rotatedHalves(
        cosine: Tensor, sine: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("rotatedHalves", cosine, sine, file, line) { ctorch_rotate_half($0, $1, $2, $3) }
    }
}
