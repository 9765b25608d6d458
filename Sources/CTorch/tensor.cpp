// Description of tensors, bytes in and out, new tensors.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>

#include <cstring>

#include "boundary.hpp"

using namespace ctorch;

namespace {

at::IntArrayRef list(const int64_t *values, int64_t count) {
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

ctorch_dtype dtype_of(const at::Tensor &tensor) {
    for (int dtype = CTORCH_BOOL; dtype <= CTORCH_FLOAT64; dtype++) {
        if (scalar_type(static_cast<ctorch_dtype>(dtype)) == tensor.scalar_type()) {
            return static_cast<ctorch_dtype>(dtype);
        }
    }
    TORCH_CHECK(false, "a tensor of type ", tensor.scalar_type(), " has no counterpart");
}

}  // namespace

ctorch_status ctorch_alias(ctorch_tensor tensor, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(tensor); });
}

ctorch_status ctorch_tensor_rank(ctorch_tensor tensor, int64_t *rank) {
    return guarded([&] { *rank = borrow(tensor).dim(); });
}

ctorch_status ctorch_tensor_sizes(ctorch_tensor tensor, int64_t *sizes) {
    return guarded([&] {
        const at::Tensor t = borrow(tensor);
        std::copy(t.sizes().begin(), t.sizes().end(), sizes);
    });
}

ctorch_status ctorch_tensor_dtype(ctorch_tensor tensor, ctorch_dtype *dtype) {
    return guarded([&] { *dtype = dtype_of(borrow(tensor)); });
}

ctorch_status ctorch_tensor_device(ctorch_tensor tensor, ctorch_device *device) {
    return guarded([&] {
        const at::Device d = borrow(tensor).device();
        TORCH_CHECK(d.is_cpu() || d.is_cuda() || d.is_mps(), "unsupported device ", d);
        device->type = d.is_cuda() ? CTORCH_CUDA : d.is_mps() ? CTORCH_MPS : CTORCH_CPU;
        device->index = d.has_index() ? d.index() : 0;
    });
}

ctorch_status ctorch_tensor_from_bytes(const void *data, const int64_t *sizes, int64_t rank,
                                       ctorch_dtype dtype, ctorch_tensor *out) {
    return produce(out, [&] {
        at::Tensor t = at::empty(list(sizes, rank), scalar_type(dtype));
        if (t.nbytes() > 0) std::memcpy(t.mutable_data_ptr(), data, t.nbytes());
        return t;
    });
}

ctorch_status ctorch_tensor_wrap(void *data, const int64_t *sizes, int64_t rank, ctorch_dtype dtype,
                                 void *context, void (*release)(void *), ctorch_tensor *out) {
    bool handed_over = false;
    ctorch_status status = produce(out, [&] {
        at::TensorOptions options(scalar_type(dtype));
        auto deleter = [context, release](void *) { release(context); };
        at::Tensor t = at::from_blob(data, list(sizes, rank), deleter, options);
        handed_over = true;
        return t;
    });
    if (!handed_over) release(context);
    return status;
}

ctorch_status ctorch_tensor_copy_bytes(ctorch_tensor tensor, void *data, int64_t capacity) {
    return guarded([&] {
        at::Tensor t = borrow(tensor).detach().to(at::kCPU).contiguous();
        TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == capacity, "the tensor has ", t.nbytes(),
                    " bytes, the buffer ", capacity);
        if (capacity > 0) std::memcpy(data, t.const_data_ptr(), t.nbytes());
    });
}

ctorch_status ctorch_tensor_data(ctorch_tensor tensor, void **data) {
    return guarded([&] {
        const at::Tensor t = borrow(tensor);
        TORCH_CHECK(t.is_cpu() && t.is_contiguous(), "only a contiguous CPU tensor has an address");
        *data = t.mutable_data_ptr();
    });
}

ctorch_status ctorch_tensor_item(ctorch_tensor tensor, double *value) {
    return guarded([&] { *value = borrow(tensor).item().toDouble(); });
}

ctorch_status ctorch_full(const int64_t *sizes, int64_t rank, double value, ctorch_dtype dtype,
                          ctorch_device device, ctorch_tensor *out) {
    return produce(out, [&] {
        at::TensorOptions options(scalar_type(dtype));
        return at::full(list(sizes, rank), value, options.device(device_of(device)));
    });
}

ctorch_status ctorch_arange(int64_t start, int64_t end, ctorch_dtype dtype, ctorch_device device,
                            ctorch_tensor *out) {
    return produce(out, [&] {
        at::TensorOptions options(scalar_type(dtype));
        return at::arange(start, end, options.device(device_of(device)));
    });
}

ctorch_status ctorch_normal(const int64_t *sizes, int64_t rank, double mean, double deviation,
                            uint64_t seed, ctorch_dtype dtype, ctorch_device device,
                            ctorch_tensor *out) {
    return produce(out, [&] {
        // Drawn on the CPU in float32 whatever the target is, so that a seed means one thing.
        at::Generator generator = at::detail::createCPUGenerator(seed);
        at::Tensor t = at::randn(list(sizes, rank), generator, at::TensorOptions(at::kFloat));
        t.mul_(deviation).add_(mean);
        return t.to(at::TensorOptions(scalar_type(dtype)).device(device_of(device)));
    });
}

ctorch_status ctorch_bernoulli(const int64_t *sizes, int64_t rank, double probability, uint64_t seed,
                               ctorch_dtype dtype, ctorch_device device, ctorch_tensor *out) {
    return produce(out, [&] {
        at::Generator generator = at::detail::createCPUGenerator(seed);
        at::Tensor t = at::empty(list(sizes, rank), at::TensorOptions(at::kFloat));
        t.bernoulli_(probability, generator);
        return t.to(at::TensorOptions(scalar_type(dtype)).device(device_of(device)));
    });
}

ctorch_status ctorch_to(ctorch_tensor tensor, ctorch_dtype dtype, ctorch_device device,
                        ctorch_tensor *out) {
    return produce(out, [&] {
        return borrow(tensor).to(at::TensorOptions(scalar_type(dtype)).device(device_of(device)));
    });
}

ctorch_status ctorch_clone(ctorch_tensor tensor, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(tensor).clone(); });
}

ctorch_status ctorch_contiguous(ctorch_tensor tensor, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(tensor).contiguous(); });
}

ctorch_status ctorch_copy_into(ctorch_tensor destination, ctorch_tensor source) {
    return guarded([&] {
        at::Tensor target = borrow(destination);
        at::AutoGradMode guard(false);
        target.copy_(borrow(source));
    });
}
