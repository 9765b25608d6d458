// Reductions.
#include <ATen/ops/linalg_vector_norm.h>

#include "boundary.hpp"
#include "ctorch_ops.h"

using namespace ctorch;

namespace {

/// Axes as libtorch's optional list: none given means all.
at::OptionalIntArrayRef axes_of(const int64_t *axes, int64_t count) {
    if (count == 0) return std::nullopt;
    return at::IntArrayRef(axes, static_cast<size_t>(count));
}

}  // namespace

ctorch_status ctorch_sum(ctorch_tensor x, const int64_t *axes, int64_t count, int keep, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).sum(axes_of(axes, count), keep != 0); });
}

ctorch_status ctorch_mean(ctorch_tensor x, const int64_t *axes, int64_t count, int keep, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).mean(axes_of(axes, count), keep != 0); });
}

ctorch_status ctorch_maximum(ctorch_tensor x, int64_t axis, int keep, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).amax(axis, keep != 0); });
}

ctorch_status ctorch_logsumexp(ctorch_tensor x, int64_t axis, int keep, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).logsumexp(at::IntArrayRef(axis), keep != 0); });
}

ctorch_status ctorch_all(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).all(); });
}

ctorch_status ctorch_norm(ctorch_tensor x, int64_t axis, int keep, ctorch_tensor *out) {
    return produce(out, [&] {
        return at::linalg_vector_norm(borrow(x), 2, at::IntArrayRef(axis), keep != 0);
    });
}
