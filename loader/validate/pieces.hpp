// The table of a run that stands for all large objects: its rows are their pieces, and both sides read them with queries of
// their own (extension/src/source/postgres/large_objects.hpp). No user's table is in that schema.
#pragma once
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

inline bool holds_pieces(const TableSpec& spec) {
    return spec.target_schema == "pg_catalog" && spec.target_table == "pg_largeobject";
}

}  // namespace lakemover::loader
