// Makes tables of the target equal to the source again, row by row: rows that only the source has are loaded, rows that
// only the target has go, and those of one key are updated in place. One transaction for all tables, which is committed
// only after every table in it was read again and has the digest of the source. Throws Error; then nothing was changed.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

struct RepairedTable {
    std::int64_t table_id = 0;
    std::string name;
    std::int64_t updated = 0, inserted = 0, deleted = 0;
};

// Of a comparison whose tables are validated, while its snapshot is held: what level 1 or 2 found different. Tables that
// cannot be repaired are left alone, and an event says why.
std::vector<RepairedTable> repair_tables(RunContext& run, Pg& staging);

}  // namespace lakemover::loader
