// Arrow IPC files and streams, one record batch at a time, read in place from a memory map.

#include "reader.hpp"

#include <cstring>

#include <arrow/io/file.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>

namespace carrow {

namespace {

constexpr char file_magic[] = "ARROW1";

/// The columns of `names`, in that order; no bytes are copied.
std::shared_ptr<arrow::RecordBatch> select(
    const arrow::RecordBatch &batch, const std::vector<std::string> &names) {
    std::vector<int> indices;
    for (const std::string &name : names) {
        indices.push_back(batch.schema()->GetFieldIndex(name));
    }
    return take(batch.SelectColumns(indices));
}

std::shared_ptr<arrow::RecordBatchReader> reader_of(std::shared_ptr<arrow::RecordBatch> batch) {
    auto schema = batch->schema();
    return take(arrow::RecordBatchReader::Make({std::move(batch)}, std::move(schema)));
}

bool has_dictionary(const arrow::DataType &type) {
    if (type.id() == arrow::Type::DICTIONARY) return true;
    for (const auto &field : type.fields()) {
        if (has_dictionary(*field->type())) return true;
    }
    return false;
}

/// The layout with a footer, which says where each batch is.
class IPCFile : public carrow_reader {
  public:
    explicit IPCFile(std::shared_ptr<arrow::io::MemoryMappedFile> map)
        : file_(take(arrow::ipc::RecordBatchFileReader::Open(map, options()))) {
        schema = file_->schema();
        auto first_column = options();
        first_column.included_fields = {0};
        auto counting = take(arrow::ipc::RecordBatchFileReader::Open(map, first_column));
        for (int block = 0; block < counting->num_record_batches(); ++block) {
            block_rows.push_back(take(counting->ReadRecordBatch(block))->num_rows());
        }
    }

    std::shared_ptr<arrow::RecordBatchReader> scan(
        int64_t block, const std::vector<std::string> &columns, int64_t) override {
        auto batch = take(file_->ReadRecordBatch(static_cast<int>(block)));
        return reader_of(select(*batch, columns));
    }

    static arrow::ipc::IpcReadOptions options() {
        auto options = arrow::ipc::IpcReadOptions::Defaults();
        options.use_threads = false;
        return options;
    }

  private:
    std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
};

/// The layout without a footer: one pass notes where each batch starts.
class IPCStream : public carrow_reader {
  public:
    explicit IPCStream(std::shared_ptr<arrow::io::MemoryMappedFile> map) : map_(std::move(map)) {
        auto options = IPCFile::options();
        // One column is enough to learn the row counts.
        options.included_fields = {0};
        size_ = take(map_->GetSize());
        auto pass = take(stream_from(0));
        auto reader = take(arrow::ipc::RecordBatchStreamReader::Open(pass, options));
        schema = schema_of_whole_file();
        for (const auto &field : schema->fields()) {
            has_dictionaries_ = has_dictionaries_ || has_dictionary(*field->type());
        }
        for (;;) {
            const int64_t start = take(pass->Tell());
            std::shared_ptr<arrow::RecordBatch> batch;
            check(reader->ReadNext(&batch));
            if (batch == nullptr) break;
            starts_.push_back(start);
            block_rows.push_back(batch->num_rows());
        }
    }

    std::shared_ptr<arrow::RecordBatchReader> scan(
        int64_t block, const std::vector<std::string> &columns, int64_t) override {
        if (has_dictionaries_) return reader_of(select(*in_order(block), columns));
        auto stream = take(stream_from(starts_[block]));
        const arrow::ipc::DictionaryMemo no_dictionaries;
        auto batch = take(arrow::ipc::ReadRecordBatch(
            schema, &no_dictionaries, IPCFile::options(), stream.get()));
        return reader_of(select(*batch, columns));
    }

  private:
    /// A batch whose dictionaries stand before it, possibly far before it: batches are read in
    /// order, from the start again where an earlier one is wanted.
    std::shared_ptr<arrow::RecordBatch> in_order(int64_t block) {
        if (sequence_ == nullptr || block < next_block_) {
            sequence_ = take(arrow::ipc::RecordBatchStreamReader::Open(
                take(stream_from(0)), IPCFile::options()));
            next_block_ = 0;
        }
        std::shared_ptr<arrow::RecordBatch> batch;
        for (; next_block_ <= block; ++next_block_) {
            check(sequence_->ReadNext(&batch));
            if (batch == nullptr) check(arrow::Status::Invalid("the stream ends too early"));
        }
        return batch;
    }

    arrow::Result<std::shared_ptr<arrow::io::InputStream>> stream_from(int64_t start) {
        return arrow::io::RandomAccessFile::GetStream(map_, start, size_ - start);
    }

    std::shared_ptr<arrow::Schema> schema_of_whole_file() {
        auto stream = take(stream_from(0));
        return take(arrow::ipc::RecordBatchStreamReader::Open(stream, IPCFile::options()))
            ->schema();
    }

    std::shared_ptr<arrow::io::MemoryMappedFile> map_;
    int64_t size_ = 0;
    bool has_dictionaries_ = false;
    /// Of a stream with dictionaries: the reader, and the batch that it reads next.
    std::shared_ptr<arrow::ipc::RecordBatchStreamReader> sequence_;
    int64_t next_block_ = 0;
    /// Where in the file each batch starts.
    std::vector<int64_t> starts_;
};

} // namespace

std::unique_ptr<carrow_reader> open_ipc(const std::string &path) {
    auto map = take(arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
    return reading_open_file([&]() -> std::unique_ptr<carrow_reader> {
        char magic[sizeof(file_magic) - 1] = {};
        const int64_t count = take(map->ReadAt(0, sizeof(magic), magic));
        const bool is_file = count == static_cast<int64_t>(sizeof(magic))
            && std::memcmp(magic, file_magic, sizeof(magic)) == 0;
        if (is_file) return std::make_unique<IPCFile>(std::move(map));
        return std::make_unique<IPCStream>(std::move(map));
    });
}

} // namespace carrow
