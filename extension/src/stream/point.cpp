// lakemover._point_open() and _point_held(): sessions that share a point in time without an exported snapshot.
// Zone: stream. Throws source::Error, PgError.
#include "stream/session.hpp"

#include <nlohmann/json.hpp>

extern "C" {
PG_FUNCTION_INFO_V1(lakemover_point_open);
PG_FUNCTION_INFO_V1(lakemover_point_held);
}

extern "C" Datum lakemover_point_open(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum {
        const auto marks = lakemover::stream::open_point(PG_GETARG_INT64(0));
        return lakemover::pg::to_text_datum(nlohmann::json{{"number", marks.number}, {"active", marks.active}}.dump());
    });
}

extern "C" Datum lakemover_point_held(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry(
        [&]() -> Datum { return BoolGetDatum(lakemover::stream::holds_point(PG_GETARG_INT64(0))); });
}
