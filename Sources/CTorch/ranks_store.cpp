// The store through which processes find each other.
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <cstring>

#include "ranks.hpp"

using namespace ctorch;
using std::chrono::milliseconds;

namespace {

/// Silences c10d's own reports, which print C++ traces for every failure that is also thrown.
void quiet_logging() {
    static const bool once = [] {
        setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
        c10::initLogging();
        return true;
    }();
    (void)once;
}

}  // namespace

std::string ctorch::local_address(const char *host, uint16_t port) {
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_DGRAM;
    if (getaddrinfo(host, std::to_string(port).c_str(), &hints, &list) != 0) return "";
    char text[NI_MAXHOST] = "";
    for (addrinfo *entry = list; entry != nullptr && text[0] == 0; entry = entry->ai_next) {
        // Connecting a datagram socket sends nothing, but chooses the route.
        const int probe = socket(entry->ai_family, SOCK_DGRAM, 0);
        sockaddr_storage own{};
        socklen_t size = sizeof own;
        if (probe >= 0 && connect(probe, entry->ai_addr, entry->ai_addrlen) == 0 &&
            getsockname(probe, reinterpret_cast<sockaddr *>(&own), &size) == 0) {
            getnameinfo(reinterpret_cast<sockaddr *>(&own), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
        }
        if (probe >= 0) close(probe);
    }
    freeaddrinfo(list);
    return text;
}

char *ctorch_local_address(const char *host, uint16_t port) {
    char *text = nullptr;
    guarded([&] { text = strdup(local_address(host, port).c_str()); });
    return text;
}

ctorch_status ctorch_store_open(const char *host, uint16_t port, int serves, int64_t world_size,
                                int64_t timeout_milliseconds, ctorch_store *out) {
    return guarded_exchange([&] {
        quiet_logging();
        c10d::TCPStoreOptions options;
        options.port = port;
        options.isServer = serves != 0;
        if (world_size > 0) options.numWorkers = static_cast<size_t>(world_size);
        options.waitWorkers = world_size > 0;
        options.timeout = milliseconds(timeout_milliseconds);
        *out = new ctorch_store_opaque{c10::make_intrusive<c10d::TCPStore>(host, options)};
    });
}

ctorch_status ctorch_store_local(ctorch_store *out) {
    return guarded_exchange([&] {
        quiet_logging();
        *out = new ctorch_store_opaque{c10::make_intrusive<c10d::HashStore>()};
    });
}

ctorch_status ctorch_store_prefixed(ctorch_store store, const char *prefix, ctorch_store *out) {
    return guarded_exchange(
        [&] { *out = new ctorch_store_opaque{c10::make_intrusive<c10d::PrefixStore>(prefix, store->store)}; });
}

void ctorch_store_free(ctorch_store store) { delete store; }

ctorch_status ctorch_store_port(ctorch_store store, uint16_t *port) {
    return guarded([&] {
        const auto *served = dynamic_cast<const c10d::TCPStore *>(store->store.get());
        TORCH_CHECK(served != nullptr, "this store has no port");
        *port = served->getPort();
    });
}

ctorch_status ctorch_store_set(ctorch_store store, const char *key, const void *bytes, int64_t count) {
    return guarded_exchange([&] {
        const auto *first = static_cast<const uint8_t *>(bytes);
        store->store->set(key, std::vector<uint8_t>(first, first + count));
    });
}

ctorch_status ctorch_store_get(ctorch_store store, const char *key, int64_t timeout_milliseconds, void **bytes,
                               int64_t *count) {
    return guarded_exchange([&] {
        store->store->wait({key}, milliseconds(timeout_milliseconds));
        const std::vector<uint8_t> value = store->store->get(key);
        *bytes = std::malloc(value.size() + 1);
        if (*bytes == nullptr) throw std::bad_alloc();
        std::memcpy(*bytes, value.data(), value.size());
        *count = static_cast<int64_t>(value.size());
    });
}

ctorch_status ctorch_store_check(ctorch_store store, const char *const *keys, int64_t count, int *exist) {
    return guarded_exchange(
        [&] { *exist = store->store->check(std::vector<std::string>(keys, keys + count)) ? 1 : 0; });
}

ctorch_status ctorch_store_add(ctorch_store store, const char *key, int64_t amount, int64_t *sum) {
    return guarded_exchange([&] { *sum = store->store->add(key, amount); });
}

ctorch_status ctorch_store_remove(ctorch_store store, const char *key) {
    return guarded_exchange([&] { store->store->deleteKey(key); });
}
