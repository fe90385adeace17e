// Which sort order a local collation has, in words that can be compared with the source's.
// Zone: PostgreSQL.
#pragma once
#include "pg/bridge.hpp"

namespace lakemover::fdw {

// "C" for byte order; provider, locale and library version else; nullptr when it cannot be known.
// remote_order_sql() gives the same words for a column of the source.
const char* local_order(Oid collation);

bool is_c_order(Oid collation);

}  // namespace lakemover::fdw
