// The canonical form of a planned column, from what a table spec (run_table.spec) says of it. Pure zone; throws
// codec::ValueError for a codec that is no type.
#pragma once
#include <optional>
#include <string_view>

#include "codec/canonical.hpp"

namespace lakemover::codec {

struct PlannedColumn {
    std::string_view codec;  // pg_type.typname on the wire
    std::string_view target_codec;
    std::string_view source_type;  // as the source's engine declares it
    std::string_view target_type;
    bool native = false;         // of an engine whose type names are not PostgreSQL's
    bool selected = false;       // an expression on the source replaces the column
    std::optional<int> scale{};  // of the target's numeric; only of a native column
};

Form column_form(const PlannedColumn& column);

}  // namespace lakemover::codec
