// Views become plain columns: a library that writes `Utf8View` by default writes plain texts.

#include "plain_columns.hpp"

#include <vector>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/type.h>

#include "boundary.hpp"

namespace carrow {

namespace {

std::shared_ptr<arrow::Array> plain(const std::shared_ptr<arrow::Array> &array);

template <typename View, typename Builder>
std::shared_ptr<arrow::Array> copied(const arrow::Array &array) {
    // Each view says where its bytes are: a damaged file may say anything.
    check(array.ValidateFull());
    const auto &views = static_cast<const View &>(array);
    Builder builder;
    check(builder.Reserve(views.length()));
    for (int64_t index = 0; index < views.length(); ++index) {
        if (views.IsNull(index)) {
            check(builder.AppendNull());
        } else {
            check(builder.Append(views.GetView(index)));
        }
    }
    return take(builder.Finish());
}

/// A type with the same parts, whose fields have other types.
std::shared_ptr<arrow::DataType> type_of(const arrow::DataType &old, const arrow::FieldVector &fields) {
    switch (old.id()) {
    case arrow::Type::LIST: return arrow::list(fields[0]);
    case arrow::Type::LARGE_LIST: return arrow::large_list(fields[0]);
    case arrow::Type::FIXED_SIZE_LIST:
        return arrow::fixed_size_list(
            fields[0], static_cast<const arrow::FixedSizeListType &>(old).list_size());
    default: return arrow::struct_(fields);
    }
}

/// A nested column with plain children.
std::shared_ptr<arrow::Array> rebuilt(const std::shared_ptr<arrow::Array> &array) {
    auto data = array->data()->Copy();
    arrow::FieldVector fields;
    bool is_changed = false;
    for (size_t index = 0; index < data->child_data.size(); ++index) {
        const auto child = arrow::MakeArray(data->child_data[index]);
        const auto made = plain(child);
        is_changed = is_changed || made != child;
        data->child_data[index] = made->data();
        fields.push_back(array->type()->field(static_cast<int>(index))->WithType(made->type()));
    }
    if (!is_changed) return array;
    data->type = type_of(*array->type(), fields);
    return arrow::MakeArray(data);
}

std::shared_ptr<arrow::Array> plain_dictionary(const std::shared_ptr<arrow::Array> &array) {
    const auto &column = static_cast<const arrow::DictionaryArray &>(*array);
    const auto values = plain(column.dictionary());
    if (values == column.dictionary()) return array;
    auto type = arrow::dictionary(column.indices()->type(), values->type());
    return take(arrow::DictionaryArray::FromArrays(type, column.indices(), values));
}

std::shared_ptr<arrow::Array> plain(const std::shared_ptr<arrow::Array> &array) {
    switch (array->type_id()) {
    case arrow::Type::STRING_VIEW:
        return copied<arrow::StringViewArray, arrow::LargeStringBuilder>(*array);
    case arrow::Type::BINARY_VIEW:
        return copied<arrow::BinaryViewArray, arrow::LargeBinaryBuilder>(*array);
    case arrow::Type::LIST_VIEW:
        return plain(take(arrow::ListArray::FromListView(
            static_cast<const arrow::ListViewArray &>(*array), arrow::default_memory_pool())));
    case arrow::Type::LARGE_LIST_VIEW:
        return plain(take(arrow::LargeListArray::FromListView(
            static_cast<const arrow::LargeListViewArray &>(*array),
            arrow::default_memory_pool())));
    case arrow::Type::DICTIONARY: return plain_dictionary(array);
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT: return rebuilt(array);
    default: return array;
    }
}

} // namespace

std::shared_ptr<arrow::RecordBatch> with_plain_columns(
    const std::shared_ptr<arrow::RecordBatch> &batch) {
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    bool is_changed = false;
    for (int index = 0; index < batch->num_columns(); ++index) {
        const auto column = batch->column(index);
        const auto made = plain(column);
        is_changed = is_changed || made != column;
        columns.push_back(made);
        fields.push_back(batch->schema()->field(index)->WithType(made->type()));
    }
    if (!is_changed) return batch;
    return arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns);
}

} // namespace carrow
