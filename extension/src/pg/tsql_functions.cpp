// SQL face of tsql/: lakemover.convert_routine() and _tsql_expression(). Zone: pg. Raises with ereport only, through entry().
#include "pg/bridge.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(lakemover_convert_routine);
PG_FUNCTION_INFO_V1(lakemover_tsql_expression);
}

#include <nlohmann/json.hpp>

#include "pg/result_rows.hpp"
#include "tsql/convert.hpp"
#include "tsql/expression.hpp"

namespace {

namespace tsql = lakemover::tsql;
using lakemover::pg::pg_call;

tsql::NameMap name_map(FunctionCallInfo fcinfo) {
    const char* text = pg_call([&] {
        Jsonb* map = PG_GETARG_JSONB_P(1);
        return static_cast<const char*>(JsonbToCString(nullptr, &map->root, VARSIZE(map)));
    });
    const nlohmann::json json = nlohmann::json::parse(text);
    tsql::NameMap names;
    const auto refuse = [] {
        throw lakemover::source::Error(
            lakemover::source::ErrorKind::kConfig, "22023",
            "the name map must be an object of names, such as {\"dbo.Orders\": \"sales.orders\"}");
    };
    if (!json.is_object()) refuse();
    for (const auto& [from, to] : json.items()) {
        if (!to.is_string() || to.get_ref<const std::string&>().empty()) refuse();
        names[from] = to.get<std::string>();
    }
    return names;
}

nlohmann::json notes(const tsql::Converted& c) {
    nlohmann::json list = nlohmann::json::array();
    for (const tsql::Note& n : c.notes) {
        list.push_back({{"line", n.line},
                        {"construct", n.construct},
                        {"why", n.why},
                        {"todo", n.todo},
                        {"severity", n.severity == tsql::Severity::kManual ? "manual" : "review"}});
    }
    if (c.result == tsql::Class::kEquivalent) {
        list.push_back({{"construct", "verification"},
                        {"severity", "review"},
                        {"why", "every construct has a rule, but the result was not checked"},
                        {"todo", "create it beside its tables and run plpgsql_check_function() on it"}});
    }
    return list;
}

void convert_routine(FunctionCallInfo fcinfo) {
    const std::string sql = lakemover::pg::from_text_datum(pg_call([&] { return PG_GETARG_DATUM(0); }));
    const tsql::NameMap names = name_map(fcinfo);
    std::vector<lakemover::source::TextRow> rows;
    for (tsql::Converted& c : tsql::convert(sql, names)) {
        // What nobody verified is not called equivalent.
        const tsql::Class result = c.result == tsql::Class::kManual ? c.result : tsql::Class::kReview;
        char score[32];
        std::snprintf(score, sizeof score, "%.2f", c.score);
        lakemover::source::TextRow row;
        row.emplace_back(c.name.empty() ? std::nullopt : std::optional<std::string>(c.name));
        row.emplace_back(c.kind);
        row.emplace_back(c.sql);
        row.emplace_back(tsql::class_name(result));
        row.emplace_back(score);
        row.emplace_back(notes(c).dump());
        rows.push_back(std::move(row));
    }
    lakemover::pg::ResultRows(fcinfo, false).add(rows);
}

// One row: the expression, or the problem.
void tsql_expression(FunctionCallInfo fcinfo) {
    const std::string sql = lakemover::pg::from_text_datum(pg_call([&] { return PG_GETARG_DATUM(0); }));
    const char* text = pg_call([&] {
        Jsonb* columns = PG_GETARG_JSONB_P(1);
        return static_cast<const char*>(JsonbToCString(nullptr, &columns->root, VARSIZE(columns)));
    });
    const nlohmann::json json = nlohmann::json::parse(text);
    std::vector<tsql::ExpressionColumn> columns;
    for (const nlohmann::json& c : json) {
        columns.push_back({c.value("name", ""), c.value("type", ""), c.value("collation", "")});
    }
    const tsql::Expression e = tsql::convert_expression(sql, columns);
    lakemover::source::TextRow row;
    row.emplace_back(e.problem.empty() ? std::optional<std::string>(e.sql) : std::nullopt);
    row.emplace_back(e.problem.empty() ? std::nullopt : std::optional<std::string>(e.problem));
    lakemover::pg::ResultRows(fcinfo, false).add({row});
}

}  // namespace

extern "C" PGDLLEXPORT Datum lakemover_tsql_expression(PG_FUNCTION_ARGS) {
    lakemover::pg::entry([&] { tsql_expression(fcinfo); });
    return static_cast<Datum>(0);
}

extern "C" PGDLLEXPORT Datum lakemover_convert_routine(PG_FUNCTION_ARGS) {
    lakemover::pg::entry([&] { convert_routine(fcinfo); });
    return static_cast<Datum>(0);
}
