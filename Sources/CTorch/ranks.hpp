// What the files of this library that use c10d share.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <cstdint>
#include <string>

#include "boundary.hpp"
#include "ctorch_ranks.h"

struct ctorch_store_opaque {
    c10::intrusive_ptr<c10d::Store> store;
};

namespace ctorch {

/// The local address from which `host` is reached; empty if there is none.
std::string local_address(const char *host, uint16_t port);

}  // namespace ctorch
