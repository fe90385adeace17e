// Reads a chunk of the source once more through lakemover.stream(), decoded. Throws Error, codec::DecodeError.
#pragma once
#include <string>
#include <vector>

#include "loader/validate/target_reader.hpp"

namespace lakemover::loader {

void stream_rows(Pg& staging, std::int64_t run_id, const std::string& chunk_id, const TableSpec& spec,
                 const CheckCancel& check_cancel, const RowVisitor& visitor);

}  // namespace lakemover::loader
