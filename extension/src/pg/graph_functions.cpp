// SQL face of graph/: lakemover._load_order(), lakemover._critical_path(). Zone: pg. Raises with ereport only, through entry().
#include "pg/bridge.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(lakemover_load_order);
PG_FUNCTION_INFO_V1(lakemover_critical_path);
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

// Two arguments, children and parents, as pairs.
std::vector<std::pair<std::int64_t, std::int64_t>> references(FunctionCallInfo fcinfo, int argument) {
    const std::vector<std::int64_t> children = bigints(fcinfo, argument);
    const std::vector<std::int64_t> parents = bigints(fcinfo, argument + 1);
    if (children.size() != parents.size()) {
        throw lakemover::source::Error(lakemover::source::ErrorKind::kConfig, "22023",
                                       "children and parents must have the same length");
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> edges;
    edges.reserve(children.size());
    for (std::size_t i = 0; i < children.size(); ++i) {
        edges.emplace_back(children[i], parents[i]);
    }
    return edges;
}

// What the graph makes of its arguments; those that make no sense are an error of the caller's.
template <class F> auto ask(F f) {
    try {
        return f();
    } catch (const std::invalid_argument& e) {
        throw lakemover::source::Error(lakemover::source::ErrorKind::kConfig, "22023", e.what());
    }
}

void load_order(FunctionCallInfo fcinfo) {
    const auto tables = bigints(fcinfo, 0);
    const auto edges = references(fcinfo, 1);
    const auto order = ask([&] { return lakemover::graph::load_order(tables, edges); });
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

void critical_path(FunctionCallInfo fcinfo) {
    const auto tables = bigints(fcinfo, 0);
    const auto weights = bigints(fcinfo, 1);
    const auto edges = references(fcinfo, 2);
    const auto path = ask([&] { return lakemover::graph::critical_path(tables, weights, edges); });
    pg_call([&] {
        InitMaterializedSRF(fcinfo, 0);
        auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
        for (std::size_t place = 0; place < path.size(); ++place) {
            for (const std::int64_t table : path[place]) {
                Datum values[2] = {Int32GetDatum(static_cast<int>(place) + 1), Int64GetDatum(table)};
                bool nulls[2] = {false, false};
                tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
            }
        }
    });
}

}  // namespace

extern "C" PGDLLEXPORT Datum lakemover_load_order(PG_FUNCTION_ARGS) {
    lakemover::pg::entry([&] { load_order(fcinfo); });
    return static_cast<Datum>(0);
}

extern "C" PGDLLEXPORT Datum lakemover_critical_path(PG_FUNCTION_ARGS) {
    lakemover::pg::entry([&] { critical_path(fcinfo); });
    return static_cast<Datum>(0);
}
