// RMSNorm: float32 inside, rounded to the input's type, then times the weight in that type.
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "ctorch_ops.h"
#include "kernels.hpp"

using namespace ctorch;

namespace {

constexpr int64_t rows_per_block = 32;

CTORCH_VECTORISED
void forward_rows(const float *x, const float *weight, float *y, float *scale, int64_t rows,
                  int64_t width, float epsilon) {
    for (int64_t row = 0; row < rows; row++, x += width, y += width) {
        float lanes[16] = {};
        int64_t i = 0;
        for (; i + 16 <= width; i += 16) {
            for (int lane = 0; lane < 16; lane++) lanes[lane] += x[i + lane] * x[i + lane];
        }
        float sum = 0;
        for (; i < width; i++) sum += x[i] * x[i];
        for (float lane : lanes) sum += lane;
        const float s = 1.0f / std::sqrt(sum / static_cast<float>(width) + epsilon);
        scale[row] = s;
        for (int64_t j = 0; j < width; j++) y[j] = weight[j] * (x[j] * s);
    }
}

CTORCH_VECTORISED
void backward_rows(const float *x, const float *weight, const float *scale, const float *dy, float *dx,
                   float *dweight, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, x += width, dy += width, dx += width) {
        const float s = scale[row];
        float lanes[16] = {};
        int64_t i = 0;
        for (; i + 16 <= width; i += 16) {
            for (int lane = 0; lane < 16; lane++) {
                lanes[lane] += dy[i + lane] * weight[i + lane] * x[i + lane];
            }
        }
        float sum = 0;
        for (; i < width; i++) sum += dy[i] * weight[i] * x[i];
        for (float lane : lanes) sum += lane;
        const float correction = sum * s * s / static_cast<float>(width);
        for (int64_t j = 0; j < width; j++) {
            dweight[j] += dy[j] * x[j] * s;
            dx[j] = s * (dy[j] * weight[j] - x[j] * correction);
        }
    }
}

struct RMSNorm : torch::autograd::Function<RMSNorm> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &input,
                              const at::Tensor &weight, double epsilon) {
        const at::Tensor x = input.contiguous();
        const int64_t width = x.size(-1), rows = width == 0 ? 0 : x.numel() / width;
        at::Tensor y = at::empty_like(x), scale = at::empty({rows}, x.options());
        const float *px = x.const_data_ptr<float>(), *pw = weight.const_data_ptr<float>();
        float *py = y.mutable_data_ptr<float>(), *ps = scale.mutable_data_ptr<float>();
        for_parts(rows, 8, [&](int64_t first, int64_t last) {
            forward_rows(px + first * width, pw, py + first * width, ps + first, last - first, width,
                         static_cast<float>(epsilon));
        });
        context->save_for_backward({x, weight, scale});
        return y;
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &scale = saved[2];
        const at::Tensor dy = gradients[0].contiguous();
        const int64_t width = x.size(-1), rows = width == 0 ? 0 : x.numel() / width;
        const int64_t blocks = (rows + rows_per_block - 1) / rows_per_block;
        at::Tensor dx = at::empty_like(x), partial = at::zeros({blocks, width}, x.options());
        const float *px = x.const_data_ptr<float>(), *pw = weight.const_data_ptr<float>();
        const float *ps = scale.const_data_ptr<float>(), *pdy = dy.const_data_ptr<float>();
        float *pdx = dx.mutable_data_ptr<float>(), *pp = partial.mutable_data_ptr<float>();
        // Blocks of fixed size, so that the sum does not depend on how they are dealt to threads.
        for_parts(blocks, 1, [&](int64_t first, int64_t last) {
            for (int64_t block = first; block < last; block++) {
                const int64_t row = block * rows_per_block;
                backward_rows(px + row * width, pw, ps + row, pdy + row * width, pdx + row * width,
                              pp + block * width, std::min(rows_per_block, rows - row), width);
            }
        });
        return {dx, partial.sum(0), at::Tensor()};
    }
};

}  // namespace

ctorch_status ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor input = borrow(x), w = borrow(weight);
        TORCH_CHECK(input.dim() > 0 && w.dim() == 1 && input.size(-1) == w.size(0), "input ",
                    input.sizes(), " does not end in the weight's ", w.sizes());
        if (is_plain(input) && is_plain(w)) return RMSNorm::apply(input, w.contiguous(), epsilon);
        const at::Tensor wide = input.to(at::kFloat);
        const at::Tensor scale = wide.pow(2).mean(-1, true).add(epsilon).rsqrt();
        return w * (wide * scale).to(input.scalar_type());
    });
}
