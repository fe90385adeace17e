// Reads and writes of the extension's own tables, guarded. Zone: pg. Throws PgError. Callers write
// every name and operator with its schema: the session's search_path is the caller's.
#pragma once
#include "pg/bridge.hpp"

namespace lakemover::pg {

enum class SpiMode {
    kRead,    // in the query's own snapshot
    kLatest,  // reads what others have committed since, in REPEATABLE READ too
    kWrite,
};

// Parameters are text ($1::bigint casts them); rows come back as text.
std::vector<source::TextRow> spi_query(const char* sql, const std::vector<source::TextValue>& args, SpiMode mode);

}  // namespace lakemover::pg
