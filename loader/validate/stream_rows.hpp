// Reads a chunk of the source once more through lakemover.stream(), decoded. Throws Error, codec::DecodeError.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "loader/validate/target_reader.hpp"

namespace lakemover::loader {

// raw: the row's bytes as COPY has them. Returns the stream's end block: how many rows the source sent, and losses.
using RawRowVisitor = std::function<void(const std::vector<Cell>& cells, std::string_view raw)>;
nlohmann::json stream_raw_rows(Pg& staging, std::int64_t run_id, const std::string& chunk_id, const TableSpec& spec,
                               const CheckCancel& check_cancel, const RawRowVisitor& visitor);

void stream_rows(Pg& staging, std::int64_t run_id, const std::string& chunk_id, const TableSpec& spec,
                 const CheckCancel& check_cancel, const RowVisitor& visitor);

}  // namespace lakemover::loader
