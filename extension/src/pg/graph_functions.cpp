// SQL face of graph/: lakemover._load_order(). Zone: pg. Raises with ereport only, through entry().
#include "pg/bridge.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(lakemover_load_order);
}

#include "graph/load_order.hpp"

namespace {

using lakemover::pg::pg_call;

// A bigint[] argument without nulls.
std::vector<std::int64_t> bigints(FunctionCallInfo fcinfo, int argument) {
    struct Elements {
        Datum* values;
        int count;
        bool has_null;
    };
    const Elements elements = pg_call([&] {
        Elements e{};
        ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
        bool* nulls = nullptr;
        deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &e.values, &nulls, &e.count);
        e.has_null = array_contains_nulls(array);
        return e;
    });
    if (elements.has_null) {
        throw lakemover::source::Error(lakemover::source::ErrorKind::kConfig, "22004", "table ids must not be null");
    }
    std::vector<std::int64_t> result;
    result.reserve(static_cast<std::size_t>(elements.count));
    for (int i = 0; i < elements.count; ++i) {
        result.push_back(DatumGetInt64(elements.values[i]));
    }
    return result;
}

void load_order(FunctionCallInfo fcinfo) {
    const std::vector<std::int64_t> tables = bigints(fcinfo, 0);
    const std::vector<std::int64_t> children = bigints(fcinfo, 1);
    const std::vector<std::int64_t> parents = bigints(fcinfo, 2);
    if (children.size() != parents.size()) {
        throw lakemover::source::Error(lakemover::source::ErrorKind::kConfig, "22023",
                                       "children and parents must have the same length");
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> edges;
    edges.reserve(children.size());
    for (std::size_t i = 0; i < children.size(); ++i) {
        edges.emplace_back(children[i], parents[i]);
    }
    std::vector<lakemover::graph::Position> order;
    try {
        order = lakemover::graph::load_order(tables, edges);
    } catch (const std::invalid_argument& e) {
        throw lakemover::source::Error(lakemover::source::ErrorKind::kConfig, "22023", e.what());
    }
    pg_call([&] {
        InitMaterializedSRF(fcinfo, 0);
        auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
        for (const lakemover::graph::Position& position : order) {
            Datum values[3] = {Int64GetDatum(position.table), Int32GetDatum(position.rank),
                               Int32GetDatum(position.cycle.value_or(0))};
            bool nulls[3] = {false, false, !position.cycle.has_value()};
            tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        }
    });
}

}  // namespace

extern "C" PGDLLEXPORT Datum lakemover_load_order(PG_FUNCTION_ARGS) {
    lakemover::pg::entry([&] { load_order(fcinfo); });
    return static_cast<Datum>(0);
}
