// The library itself: version, threads, devices.
#include "ctorch_device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
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
