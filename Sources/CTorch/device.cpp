// The library itself: version, threads, devices.
#include "ctorch_device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <torch/headeronly/version.h>

#include "boundary.hpp"

using namespace ctorch;

namespace {

/// libtorch then asks Linux for huge pages: a training step touches gigabytes of fresh memory, whose
/// faults cost up to a tenth of its time. It reads the variable at its first allocation.
__attribute__((constructor)) void ask_for_huge_pages() { setenv("THP_MEM_ALLOC_ENABLE", "1", 0); }

}  // namespace

const char *ctorch_version(void) { return TORCH_VERSION; }

int ctorch_thread_count(void) { return at::get_num_threads(); }

ctorch_status ctorch_set_thread_count(int count) {
    return guarded([&] { at::set_num_threads(count); });
}

int ctorch_cuda_is_available(void) {
    // The CUDA half registers itself when it is loaded; one binary serves both kinds of machine.
    static void *const cuda = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    int available = 0;
    guarded([&] { available = cuda != nullptr && at::globalContext().hasCUDA() ? 1 : 0; });
    return available;
}

ctorch_status ctorch_device_memory(ctorch_device device, int64_t *free_bytes, int64_t *total_bytes,
                                   int64_t *held_bytes, int64_t *peak_bytes) {
    return guarded([&] {
        int64_t free = 0, total = 0, held = 0, peak = 0;
        const at::Device place = device_of(device);
        if (!place.is_cpu()) {
            at::globalContext().lazyInitDevice(place.type());
            // The interface that all devices' allocators share: no CUDA library is linked.
            auto *const allocator =
                dynamic_cast<c10::DeviceAllocator *>(c10::GetAllocator(place.type()));
            if (allocator != nullptr && allocator->initialized()) {
                const auto index = place.has_index() ? place.index() : c10::DeviceIndex(0);
                const auto sizes = allocator->getMemoryInfo(index);
                free = static_cast<int64_t>(sizes.first);
                total = static_cast<int64_t>(sizes.second);
                const auto reserved = allocator->getDeviceStats(index).reserved_bytes;
                const auto &all = reserved[static_cast<size_t>(
                    c10::CachingAllocator::StatType::AGGREGATE)];
                held = all.current;
                peak = all.peak;
            }
        }
        *free_bytes = free;
        *total_bytes = total;
        *held_bytes = held;
        *peak_bytes = peak;
    });
}
