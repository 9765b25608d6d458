// Element-wise operators.
#include <ATen/ops/isfinite.h>
#include <ATen/ops/pow.h>

#include "boundary.hpp"
#include "ctorch_ops.h"

using namespace ctorch;

ctorch_status ctorch_add(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).add(borrow(y)); });
}

ctorch_status ctorch_subtract(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).sub(borrow(y)); });
}

ctorch_status ctorch_multiply(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).mul(borrow(y)); });
}

ctorch_status ctorch_divide(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).div(borrow(y)); });
}

ctorch_status ctorch_add_scalar(ctorch_tensor x, double y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).add(y); });
}

ctorch_status ctorch_multiply_scalar(ctorch_tensor x, double y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).mul(y); });
}

ctorch_status ctorch_power(ctorch_tensor x, double exponent, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).pow(exponent); });
}

ctorch_status ctorch_power_of(double base, ctorch_tensor exponents, ctorch_tensor *out) {
    return produce(out, [&] { return at::pow(base, borrow(exponents)); });
}

ctorch_status ctorch_square_root(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).sqrt(); });
}

ctorch_status ctorch_exponential(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).exp(); });
}

ctorch_status ctorch_cosine(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).cos(); });
}

ctorch_status ctorch_sine(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).sin(); });
}

ctorch_status ctorch_hyperbolic_tangent(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).tanh(); });
}

ctorch_status ctorch_clamp_minimum(ctorch_tensor x, double minimum, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).clamp_min(minimum); });
}

ctorch_status ctorch_is_finite(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return at::isfinite(borrow(x)); });
}

ctorch_status ctorch_round(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).round(); });
}

ctorch_status ctorch_sign(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).sign(); });
}

ctorch_status ctorch_greater(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).gt(borrow(y)); });
}
