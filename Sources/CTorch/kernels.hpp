// What the fused CPU kernels share: rows dealt to libtorch's own threads, and code for the
// processor at hand.
#pragma once

#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>

#include "boundary.hpp"

// One body compiled for several instruction sets, chosen when the program is loaded.
#if defined(__x86_64__) && defined(__linux__)
#define CTORCH_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CTORCH_VECTORISED
#endif

namespace ctorch {

/// Calls body(first, last) over parts of 0..<count, on the threads that libtorch's operators use (a
/// second thread pool would compete with them), at least `grain` a part.
template <class Body>
void for_parts(int64_t count, int64_t grain, Body &&body) {
    if (count == 0) return;
    // TensorIterator is libtorch's exported parallel loop; only the addresses of the marks are used.
    at::Tensor marks = at::empty({count}, at::kByte);
    auto iterator = at::TensorIteratorConfig()
                        .add_output(marks)
                        .check_all_same_dtype(false)
                        .resize_outputs(false)
                        .build();
    const char *base = static_cast<const char *>(marks.const_data_ptr());
    iterator.for_each(
        [&](char **data, const int64_t *, int64_t size) { body(data[0] - base, data[0] - base + size); },
        grain);
}

/// Whether the float32 CPU kernels apply.
inline bool is_plain(const at::Tensor &x) {
    return x.is_cpu() && x.scalar_type() == at::kFloat;
}

}  // namespace ctorch
