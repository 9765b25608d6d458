// The one place where C++ exceptions and Arrow statuses become C status codes.

#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>
#include <parquet/exception.h>

#include "include/carrow.h"

namespace carrow {

/// An Arrow status on its way to the boundary.
struct StatusError {
    arrow::Status status;
};

/// Lets a failed status leave through the boundary.
inline void check(const arrow::Status &status) {
    if (!status.ok()) throw StatusError{status};
}

/// The value of a result, or its failure through the boundary.
template <typename Value> Value take(arrow::Result<Value> result) {
    check(result.status());
    return std::move(result).ValueUnsafe();
}

/// The result of `body`, which reads bytes of a file that is open: where Arrow says that they
/// cannot be read, they end too early, and the file is damaged.
template <typename Body> auto reading_open_file(Body &&body) {
    try {
        return body();
    } catch (const StatusError &error) {
        if (!error.status.IsIOError()) throw;
        throw StatusError{arrow::Status::Invalid(error.status.message())};
    }
}

/// The C code of an Arrow status.
carrow_status code_of(const arrow::Status &status);

/// Keeps `text` as the calling thread's last error and returns `code`.
carrow_status fail(carrow_status code, const std::string &text) noexcept;

/// Runs the body of a C function; no exception of any type leaves it.
template <typename Body> carrow_status guarded(Body &&body) noexcept {
    try {
        body();
        return CARROW_OK;
    } catch (const StatusError &error) {
        return fail(code_of(error.status), error.status.message());
    } catch (const parquet::ParquetStatusException &error) {
        return fail(code_of(error.status()), error.status().message());
    } catch (const parquet::ParquetException &error) {
        return fail(CARROW_INVALID, error.what());
    } catch (const std::bad_alloc &) {
        return fail(CARROW_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception &error) {
        return fail(CARROW_INTERNAL, error.what());
    } catch (...) {
        return fail(CARROW_INTERNAL, "an exception of unknown type");
    }
}

} // namespace carrow
