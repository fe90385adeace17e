// SQL face of tsql/: lakemover.convert_routine() and _tsql_expression(). Zone: pg. Raises with ereport only, through entry().
#include "pg/bridge.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(lakemover_convert_routine);
PG_FUNCTION_INFO_V1(lakemover_convert_scripts);
PG_FUNCTION_INFO_V1(lakemover_tsql_expression);
}

#include <nlohmann/json.hpp>

#include "pg/result_rows.hpp"
#include "tsql/convert.hpp"
#include "tsql/expression.hpp"

namespace {

namespace tsql = lakemover::tsql;
using lakemover::pg::pg_call;

[[noreturn]] void refuse(const char* message) {
    throw lakemover::source::Error(lakemover::source::ErrorKind::kConfig, "22023", message);
}

nlohmann::json jsonb_argument(FunctionCallInfo fcinfo, int argument) {
    const char* text = pg_call([&] {
        Jsonb* value = PG_GETARG_JSONB_P(argument);
        return static_cast<const char*>(JsonbToCString(nullptr, &value->root, VARSIZE(value)));
    });
    return nlohmann::json::parse(text);
}

tsql::NameMap name_map(const nlohmann::json& json) {
    tsql::NameMap names;
    constexpr const char* kWrong =
        "the name map must be an object of names, such as {\"dbo.Orders\": \"sales.orders\"}";
    if (!json.is_object()) refuse(kWrong);
    for (const auto& [from, to] : json.items()) {
        if (!to.is_string() || to.get_ref<const std::string&>().empty()) refuse(kWrong);
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
    return list;
}

std::string score_text(const tsql::Converted& c) {
    char score[32];
    std::snprintf(score, sizeof score, "%.2f", c.score);
    return score;
}

void convert_routine(FunctionCallInfo fcinfo) {
    const std::string sql = lakemover::pg::from_text_datum(pg_call([&] { return PG_GETARG_DATUM(0); }));
    tsql::Options options;
    options.names = name_map(jsonb_argument(fcinfo, 1));
    options.exact_strings = PG_GETARG_BOOL(2);
    std::vector<lakemover::source::TextRow> rows;
    for (tsql::Converted& c : tsql::convert({sql}, options)) {
        // What nobody verified is not called equivalent.
        const tsql::Class result = c.result == tsql::Class::kManual ? c.result : tsql::Class::kReview;
        nlohmann::json list = notes(c);
        if (c.result == tsql::Class::kEquivalent) {
            list.push_back({{"construct", "verification"},
                            {"severity", "review"},
                            {"why", "every construct has a rule, but the result was not checked"},
                            {"todo", "lakemover convert checks it beside its tables"}});
        }
        lakemover::source::TextRow row;
        row.emplace_back(c.name.empty() ? std::nullopt : std::optional<std::string>(c.name));
        row.emplace_back(c.kind);
        row.emplace_back(c.sql);
        row.emplace_back(tsql::class_name(result));
        row.emplace_back(score_text(c));
        row.emplace_back(list.dump());
        rows.push_back(std::move(row));
    }
    lakemover::pg::ResultRows(fcinfo, false).add(rows);
}

// {"scripts": […], "names": {…}, "identifiers": {…}, "columns": {"dbo.t": [["id", "int", true for an identity], …]}, "exact_strings": …}. The class is the
// converter's: "equivalent" is what a check may confirm.
void convert_scripts(FunctionCallInfo fcinfo) {
    const nlohmann::json given = jsonb_argument(fcinfo, 0);
    const std::vector<std::string> texts = given.at("scripts").get<std::vector<std::string>>();
    tsql::Options options;
    options.names = name_map(given.value("names", nlohmann::json::object()));
    options.exact_strings = given.value("exact_strings", false);
    options.identifiers = name_map(given.value("identifiers", nlohmann::json::object()));
    const nlohmann::json relations = given.value("columns", nlohmann::json::object());
    for (const auto& [table, columns] : relations.items()) {
        for (const nlohmann::json& c : columns)
            options.columns[table].push_back(
                {c.at(0).get<std::string>(), c.at(1).get<std::string>(), c.at(2).get<bool>()});
    }
    std::vector<lakemover::source::TextRow> rows;
    for (const tsql::Converted& c : tsql::convert({texts.begin(), texts.end()}, options)) {
        const nlohmann::json details{{"lines", c.lines},
                                     {"bodies", c.bodies},
                                     {"temp_tables", c.temp_tables},
                                     {"unknown_temp", c.unknown_temp},
                                     {"relation", c.relation},
                                     {"creatable", c.creatable},
                                     {"tables", c.tables},
                                     {"routines", c.routines},
                                     {"support", c.support}};
        lakemover::source::TextRow row;
        row.emplace_back(std::to_string(c.script));
        row.emplace_back(std::to_string(c.line));
        row.emplace_back(c.name.empty() ? std::nullopt : std::optional<std::string>(c.name));
        row.emplace_back(c.kind);
        row.emplace_back(c.sql);
        row.emplace_back(tsql::class_name(c.result));
        row.emplace_back(score_text(c));
        row.emplace_back(notes(c).dump());
        row.emplace_back(details.dump());
        rows.push_back(std::move(row));
    }
    lakemover::pg::ResultRows(fcinfo, false).add(rows);
}

// One row: the expression, or the problem.
void tsql_expression(FunctionCallInfo fcinfo) {
    const std::string sql = lakemover::pg::from_text_datum(pg_call([&] { return PG_GETARG_DATUM(0); }));
    const nlohmann::json json = jsonb_argument(fcinfo, 1);
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

extern "C" PGDLLEXPORT Datum lakemover_convert_scripts(PG_FUNCTION_ARGS) {
    lakemover::pg::entry([&] { convert_scripts(fcinfo); });
    return static_cast<Datum>(0);
}
