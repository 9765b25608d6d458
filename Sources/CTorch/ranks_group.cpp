// Groups of ranks: Gloo for tensors of the CPU, NCCL for those of CUDA devices.
#include <ATen/ops/cat.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupWrapper.hpp>

#include <algorithm>
#include <initializer_list>
#include <memory>

#include "ranks.hpp"

using namespace ctorch;
using std::chrono::milliseconds;

// What libtorch 2.13 allocates: the headers in gloo_names describe its gloo only if this holds.
static_assert(sizeof(c10d::ProcessGroupGloo) == 488, "gloo_names/ does not fit this libtorch");

struct ctorch_group_opaque {
    c10::intrusive_ptr<c10d::ProcessGroup> group;
};

struct ctorch_work_opaque {
    c10::intrusive_ptr<c10d::Work> work;
};

namespace {

using Backend = c10::intrusive_ptr<c10d::Backend>;
using NamedStore = c10::intrusive_ptr<c10d::Store>;

/// Makes NCCL's backend through the exported names of its constructors. No CUDA header is compiled
/// against and no CUDA library is linked, so one binary runs on machines with and without CUDA.
Backend make_nccl(const NamedStore &store, int rank, int size, milliseconds timeout) {
    using Options = c10::intrusive_ptr<c10d::Backend::Options>;
    void *const cuda = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    TORCH_CHECK(cuda != nullptr, "this libtorch is built without CUDA, so it has no NCCL (", dlerror(), ")");
    // Without it, a lost peer ends the process by a watchdog instead of an exception.
    setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);
    const auto make_options =
        reinterpret_cast<void (*)(void *, bool)>(dlsym(cuda, "_ZN4c10d16ProcessGroupNCCL7OptionsC1Eb"));
    const auto make_group = reinterpret_cast<void (*)(void *, NamedStore, int, int, Options)>(
        dlsym(cuda, "_ZN4c10d16ProcessGroupNCCLC1EN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_"
                    "target_default_null_typeIS3_EEEEiiNS2_INS0_7OptionsENS5_IS8_EEEE"));
    TORCH_CHECK(make_options != nullptr && make_group != nullptr,
                "the NCCL backend of this libtorch has other constructors than that of 2.13");
    // The objects have 256 and 1152 bytes in libtorch 2.13; their headers, which would say so, need CUDA's.
    constexpr size_t room = 64 << 10;
    void *const options = ::operator new(room);
    make_options(options, false);
    auto *const base = static_cast<c10d::Backend::Options *>(options);
    base->timeout = timeout;
    auto owned = Options::unsafe_steal_from_new(base);
    const auto release = [](void *memory) { ::operator delete(memory); };
    std::unique_ptr<void, decltype(release)> group(::operator new(room), release);
    make_group(group.get(), store, rank, size, owned);
    auto backend = Backend::unsafe_steal_from_new(static_cast<c10d::Backend *>(group.release()));
    // Never deleted: a deallocation of their true size would not be that of the room.
    static auto *const kept = new std::vector<std::pair<Backend, Options>>();
    kept->emplace_back(backend, owned);
    return backend;
}

c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> gloo_options(const char *host, uint16_t port,
                                                                 milliseconds timeout) {
    // Gloo's own choice is the address of the machine's name, which /etc/hosts often makes a loopback one.
    if (getenv("GLOO_SOCKET_IFNAME") != nullptr) return c10d::ProcessGroupGloo::Options::create_default(timeout);
    const std::string address = host == nullptr ? "127.0.0.1" : local_address(host, port);
    if (address.empty()) return c10d::ProcessGroupGloo::Options::create_default(timeout);
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    return options;
}

/// Starts an operation on the operands. What is wrong with them is no other process's failure.
template <class Body>
ctorch_status start(std::initializer_list<ctorch_tensor> operands, ctorch_work *out, Body &&body) noexcept {
    return guarded([&] {
        for (ctorch_tensor operand : operands) {
            TORCH_CHECK(borrow(operand).is_contiguous(), "a collective operation needs contiguous tensors");
        }
        c10::intrusive_ptr<c10d::Work> work = communicating(body);
        *out = new ctorch_work_opaque{std::move(work)};
    });
}

/// `rows`, followed by rows of zeros up to `count`.
at::Tensor padded(const at::Tensor &rows, int64_t count) {
    at::Tensor result = rows.new_zeros({count, rows.size(1)});
    result.narrow(0, 0, rows.size(0)).copy_(rows);
    return result;
}

struct GatheredRows : torch::autograd::Function<GatheredRows> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &local,
                              std::vector<int64_t> counts, c10::intrusive_ptr<c10d::ProcessGroup> group) {
        const int64_t most = *std::max_element(counts.begin(), counts.end());
        context->saved_data["counts"] = counts;
        context->saved_data["group"] = at::IValue::make_capsule(group);
        at::Tensor input = padded(local.detach(), most);
        at::Tensor all = input.new_empty({static_cast<int64_t>(counts.size()) * most, input.size(1)});
        communicating([&] { group->_allgather_base(all, input)->wait(); });
        std::vector<at::Tensor> parts;
        for (size_t rank = 0; rank < counts.size(); rank++) {
            parts.push_back(all.narrow(0, static_cast<int64_t>(rank) * most, counts[rank]));
        }
        return at::cat(parts);
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const auto counts = context->saved_data["counts"].toIntVector();
        const auto group =
            c10::static_intrusive_pointer_cast<c10d::ProcessGroup>(context->saved_data["group"].toCapsule());
        const int64_t most = *std::max_element(counts.begin(), counts.end());
        std::vector<at::Tensor> parts;
        int64_t first = 0;
        for (int64_t count : counts) {
            parts.push_back(padded(gradients[0].narrow(0, first, count), most));
            first += count;
        }
        at::Tensor input = at::cat(parts);
        at::Tensor output = input.new_empty({most, input.size(1)});
        communicating([&] { group->_reduce_scatter_base(output, input)->wait(); });
        return {output.narrow(0, 0, counts[group->getRank()]), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

ctorch_status ctorch_group_join(ctorch_store store, const char *name, int rank, int world_size, const char *host,
                                uint16_t port, int64_t timeout_milliseconds, int is_checked, ctorch_device device,
                                ctorch_group *out) {
    return guarded_exchange([&] {
        const milliseconds timeout(timeout_milliseconds);
        const NamedStore named = c10::make_intrusive<c10d::PrefixStore>(name, store->store);
        const auto make_gloo = [&](const char *prefix) {
            return c10::make_intrusive<c10d::ProcessGroupGloo>(
                c10::make_intrusive<c10d::PrefixStore>(prefix, named), rank, world_size,
                gloo_options(host, port, timeout));
        };
        const auto gloo = make_gloo("gloo");
        // Comparing needs a group of its own: ranks count its operations differently.
        const auto comparing = is_checked == 0 ? nullptr : make_gloo("compare");
        const auto checked = [&](Backend backend) -> Backend {
            if (is_checked == 0) return backend;
            return c10::make_intrusive<c10d::ProcessGroupWrapper>(backend, comparing);
        };
        auto group = c10::make_intrusive<c10d::ProcessGroup>(named, rank, world_size);
        group->setBackend(at::kCPU, c10d::ProcessGroup::BackendType::GLOO, checked(gloo));
        group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
        if (device.type == CTORCH_CUDA) {
            group->setBoundDeviceId(device_of(device));
            group->setBackend(at::kCUDA, c10d::ProcessGroup::BackendType::NCCL,
                              checked(make_nccl(named, rank, world_size, timeout)));
        }
        group->setGroupName(name);
        *out = new ctorch_group_opaque{std::move(group)};
    });
}

void ctorch_group_free(ctorch_group group) { delete group; }

ctorch_status ctorch_work_wait(ctorch_work work) {
    const ctorch_status status = guarded_exchange([&] { work->work->wait(); });
    delete work;
    return status;
}

ctorch_status ctorch_all_reduce(ctorch_group group, ctorch_tensor x, ctorch_work *out) {
    return start({x}, out, [&] {
        std::vector<at::Tensor> tensors{borrow(x).detach()};
        return group->group->allreduce(tensors);
    });
}

ctorch_status ctorch_all_gather(ctorch_group group, ctorch_tensor input, ctorch_tensor output, ctorch_work *out) {
    return start({input, output}, out, [&] {
        at::Tensor from = borrow(input).detach(), to = borrow(output).detach();
        return group->group->_allgather_base(to, from);
    });
}

ctorch_status ctorch_reduce_scatter(ctorch_group group, ctorch_tensor input, ctorch_tensor output,
                                    ctorch_work *out) {
    return start({input, output}, out, [&] {
        at::Tensor from = borrow(input).detach(), to = borrow(output).detach();
        return group->group->_reduce_scatter_base(to, from);
    });
}

ctorch_status ctorch_barrier(ctorch_group group, int64_t timeout_milliseconds) {
    return guarded_exchange([&] {
        c10d::BarrierOptions options;
        options.timeout = milliseconds(timeout_milliseconds);
        group->group->getBackend(at::kCPU)->monitoredBarrier(options, true);
    });
}

ctorch_status ctorch_gather_rows(ctorch_group group, ctorch_tensor local, const int64_t *counts,
                                 int64_t world_size, ctorch_tensor *out) {
    return produce(out, [&] {
        std::vector<int64_t> rows(counts, counts + world_size);
        const at::Tensor own = borrow(local);
        if (std::all_of(rows.begin(), rows.end(), [](int64_t count) { return count == 0; })) {
            return own.view_as(own);
        }
        return GatheredRows::apply(own, std::move(rows), group->group);
    });
}
