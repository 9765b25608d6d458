// Operators that pick and place elements.
#include "boundary.hpp"
#include "ctorch_ops.h"

using namespace ctorch;

ctorch_status ctorch_index_select(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).index_select(axis, borrow(index)); });
}

ctorch_status ctorch_index_copy(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor source, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).index_copy(axis, borrow(index), borrow(source)); });
}

ctorch_status ctorch_index_add(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor source, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).index_add(axis, borrow(index), borrow(source)); });
}

ctorch_status ctorch_gather(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).gather(axis, borrow(index)); });
}

ctorch_status ctorch_masked_fill(ctorch_tensor x, ctorch_tensor mask, double value, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).masked_fill(borrow(mask), value); });
}
