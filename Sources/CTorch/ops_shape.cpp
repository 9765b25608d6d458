// Operators that change shapes.
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

#include "boundary.hpp"
#include "ctorch_ops.h"

using namespace ctorch;

namespace {

at::IntArrayRef list(const int64_t *values, int64_t count) {
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

}  // namespace

ctorch_status ctorch_reshape(ctorch_tensor x, const int64_t *sizes, int64_t rank, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).reshape(list(sizes, rank)); });
}

ctorch_status ctorch_transpose(ctorch_tensor x, int64_t axis0, int64_t axis1, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).transpose(axis0, axis1); });
}

ctorch_status ctorch_unsqueeze(ctorch_tensor x, int64_t axis, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).unsqueeze(axis); });
}

ctorch_status ctorch_squeeze(ctorch_tensor x, int64_t axis, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor t = borrow(x);
        TORCH_CHECK(t.size(axis) == 1, "axis ", axis, " of ", t.sizes(), " is not of length 1");
        return t.squeeze(axis);
    });
}

ctorch_status ctorch_expand(ctorch_tensor x, const int64_t *sizes, int64_t rank, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).expand(list(sizes, rank)); });
}

ctorch_status ctorch_narrow(ctorch_tensor x, int64_t axis, int64_t start, int64_t length, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).narrow(axis, start, length); });
}

ctorch_status ctorch_select(ctorch_tensor x, int64_t axis, int64_t index, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).select(axis, index); });
}

ctorch_status ctorch_concatenate(const ctorch_tensor *tensors, int64_t count, int64_t axis, ctorch_tensor *out) {
    return produce(out, [&] { return at::cat(borrow_all(tensors, count), axis); });
}

ctorch_status ctorch_stack(const ctorch_tensor *tensors, int64_t count, int64_t axis, ctorch_tensor *out) {
    return produce(out, [&] { return at::stack(borrow_all(tensors, count), axis); });
}
