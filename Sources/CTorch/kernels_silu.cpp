// silu(gate) * up, the activation of a SwiGLU layer.
#include <ATen/TensorOperators.h>
#include <ATen/ops/silu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstring>

#include "ctorch_ops.h"
#include "kernels.hpp"

using namespace ctorch;

namespace {

/// e^x to about one unit in the last place, in a form that compilers vectorise (Cody-Waite
/// reduction, minimax polynomial of degree 6).
inline float exponential(float x) {
    x = x < -87.3f ? -87.3f : x > 88.0f ? 88.0f : x;
    const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    const float n = (x * 1.44269504f + shifter) - shifter;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int32_t exponent = (static_cast<int32_t>(n) + 127) << 23;
    float power;
    std::memcpy(&power, &exponent, sizeof power);
    return p * power;
}

CTORCH_VECTORISED
void forward_part(const float *gate, const float *up, float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
}

CTORCH_VECTORISED
void backward_part(const float *gate, const float *up, const float *dy, float *dgate, float *dup,
                   int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const float sigmoid = 1.0f / (1.0f + exponential(-gate[i]));
        const float silu = gate[i] * sigmoid;
        dup[i] = dy[i] * silu;
        dgate[i] = dy[i] * up[i] * (sigmoid + silu * (1.0f - sigmoid));
    }
}

constexpr int64_t elements_per_part = 16384;

/// Splits `count` elements into parts for for_parts.
template <class Body>
void for_elements(int64_t count, Body &&body) {
    for_parts((count + 1023) / 1024, elements_per_part / 1024, [&](int64_t first, int64_t last) {
        body(first * 1024, std::min(last * 1024, count) - first * 1024);
    });
}

struct SiluMultiply : torch::autograd::Function<SiluMultiply> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &gate_input,
                              const at::Tensor &up_input) {
        const at::Tensor gate = gate_input.contiguous(), up = up_input.contiguous();
        at::Tensor y = at::empty_like(gate);
        const float *pg = gate.const_data_ptr<float>(), *pu = up.const_data_ptr<float>();
        float *py = y.mutable_data_ptr<float>();
        for_elements(gate.numel(), [&](int64_t at, int64_t count) {
            forward_part(pg + at, pu + at, py + at, count);
        });
        context->save_for_backward({gate, up});
        return y;
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &gate = saved[0], &up = saved[1];
        const at::Tensor dy = gradients[0].contiguous();
        at::Tensor dgate = at::empty_like(gate), dup = at::empty_like(up);
        const float *pg = gate.const_data_ptr<float>(), *pu = up.const_data_ptr<float>();
        const float *pdy = dy.const_data_ptr<float>();
        float *pdg = dgate.mutable_data_ptr<float>(), *pdu = dup.mutable_data_ptr<float>();
        for_elements(gate.numel(), [&](int64_t at, int64_t count) {
            backward_part(pg + at, pu + at, pdy + at, pdg + at, pdu + at, count);
        });
        return {dgate, dup};
    }
};

}  // namespace

ctorch_status ctorch_silu_multiply(ctorch_tensor gate, ctorch_tensor up, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor g = borrow(gate), u = borrow(up);
        TORCH_CHECK(g.sizes() == u.sizes(), "gate ", g.sizes(), " and up ", u.sizes(), " differ");
        if (is_plain(g) && is_plain(u)) return SiluMultiply::apply(g, u);
        return at::silu(g) * u;
    });
}
