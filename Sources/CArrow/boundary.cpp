// The last error of each thread, and the table from Arrow's status codes to ours.

#include "boundary.hpp"

#include <arrow/config.h>
#include <arrow/memory_pool.h>

namespace carrow {

namespace {

struct CodePair {
    arrow::StatusCode arrow;
    carrow_status ours;
};

constexpr CodePair code_pairs[] = {
    {arrow::StatusCode::OK, CARROW_OK},
    {arrow::StatusCode::OutOfMemory, CARROW_OUT_OF_MEMORY},
    {arrow::StatusCode::CapacityError, CARROW_UNSUPPORTED},
    {arrow::StatusCode::NotImplemented, CARROW_UNSUPPORTED},
    {arrow::StatusCode::IOError, CARROW_IO},
    {arrow::StatusCode::Invalid, CARROW_INVALID},
    {arrow::StatusCode::TypeError, CARROW_INVALID},
    {arrow::StatusCode::KeyError, CARROW_INVALID},
    {arrow::StatusCode::IndexError, CARROW_INVALID},
    {arrow::StatusCode::SerializationError, CARROW_INVALID},
};

// A fixed buffer: telling of a failure must not itself run out of memory.
thread_local char last_error[1024] = "";

} // namespace

carrow_status code_of(const arrow::Status &status) {
    for (const CodePair &pair : code_pairs) {
        if (pair.arrow == status.code()) return pair.ours;
    }
    return CARROW_INTERNAL;
}

carrow_status fail(carrow_status code, const std::string &text) noexcept {
    const size_t length = text.copy(last_error, sizeof(last_error) - 1);
    last_error[length] = '\0';
    return code;
}

} // namespace carrow

const char *carrow_last_error(void) { return carrow::last_error; }

const char *carrow_version(void) { return ARROW_VERSION_STRING; }

int64_t carrow_allocated_bytes(void) { return arrow::default_memory_pool()->bytes_allocated(); }
