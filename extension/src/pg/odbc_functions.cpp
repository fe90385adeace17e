// SQL functions over the ODBC driver's pure parts. Zone: pg.
#include "pg/bridge.hpp"
#include "source/odbc/type_names.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(lakemover_can_encode);
}

extern "C" Datum lakemover_can_encode(PG_FUNCTION_ARGS) {
    using namespace lakemover;
    return pg::entry([&]() -> Datum {
        const std::string native = pg::from_text_datum(PG_GETARG_DATUM(0));
        const std::string codec = pg::from_text_datum(PG_GETARG_DATUM(1));
        return BoolGetDatum(source::odbc::type_can_become(native, codec));
    });
}
