// The C functions of readers and scans.

#include "reader.hpp"

#include <arrow/c/bridge.h>

#include "plain_columns.hpp"

struct carrow_scan {
    std::shared_ptr<arrow::RecordBatchReader> batches;
};

carrow_status carrow_reader_open(const char *path, carrow_format format, carrow_reader **out) {
    return carrow::guarded([&] {
        auto reader = format == CARROW_PARQUET ? carrow::open_parquet(path)
                                               : carrow::open_ipc(path);
        *out = reader.release();
    });
}

void carrow_reader_close(carrow_reader *reader) { delete reader; }

int64_t carrow_reader_block_count(const carrow_reader *reader) {
    return static_cast<int64_t>(reader->block_rows.size());
}

carrow_status carrow_reader_block_rows(const carrow_reader *reader, int64_t block, int64_t *out) {
    return carrow::guarded([&] { *out = reader->block_rows.at(block); });
}

carrow_status carrow_reader_block_byte_count(
    const carrow_reader *reader, int64_t block, const char *const *columns, int64_t column_count,
    int64_t *out) {
    return carrow::guarded([&] {
        reader->block_rows.at(block);
        *out = reader->byte_count(
            block, std::vector<std::string>(columns, columns + column_count));
    });
}

carrow_status carrow_reader_schema(const carrow_reader *reader, struct ArrowSchema *out) {
    return carrow::guarded([&] { carrow::check(arrow::ExportSchema(*reader->schema, out)); });
}

carrow_status carrow_scan_open(
    carrow_reader *reader, int64_t block, const char *const *columns, int64_t column_count,
    int64_t batch_rows, carrow_scan **out) {
    return carrow::guarded([&] {
        reader->block_rows.at(block);
        const std::vector<std::string> names(columns, columns + column_count);
        for (const std::string &name : names) {
            if (reader->schema->GetAllFieldIndices(name).size() != 1) {
                carrow::check(arrow::Status::Invalid(
                    "there is no single column of the name ", name));
            }
        }
        auto batches = reader->scan(block, names, batch_rows);
        *out = new carrow_scan{std::move(batches)};
    });
}

carrow_status carrow_scan_next(
    carrow_scan *scan, struct ArrowArray *out_array, struct ArrowSchema *out_schema) {
    return carrow::guarded([&] {
        std::shared_ptr<arrow::RecordBatch> batch;
        do {
            carrow::check(scan->batches->ReadNext(&batch));
        } while (batch != nullptr && batch->num_rows() == 0);
        if (batch == nullptr) {
            out_array->release = nullptr;
            out_schema->release = nullptr;
            return;
        }
        // Buffers at least as long as lengths and last offsets say: the reader of the C data
        // cannot know how long they are.
        carrow::check(batch->Validate());
        batch = carrow::with_plain_columns(batch);
        carrow::check(arrow::ExportRecordBatch(*batch, out_array, out_schema));
    });
}

void carrow_scan_close(carrow_scan *scan) { delete scan; }
