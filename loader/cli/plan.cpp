// lakemover plan: makes or renews the plan, and shows it: as a list, as the script of the schema that it makes, or as what
// of that the target lacks. Throws Error.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "loader/audit/ddl_script.hpp"
#include "loader/audit/utc_time.hpp"
#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/runner.hpp"
#include "loader/validate/validate.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

void print_list(Pg& pg, const Settings& settings, const std::string& source, const Result& problems) {
    const Result r = pg.query(
        "SELECT coalesce(p.load_rank::text, ''), pg_catalog.format('%I.%I', source_schema, source_table), "
        "pg_catalog.format('%I.%I', target_schema, target_table), "
        "CASE WHEN exclude THEN 'excluded' ELSE '' END FROM lakemover.plan_table p WHERE source = $1 ORDER BY "
        "p.load_rank NULLS LAST, 2",
        {source});
    if (settings.json) {
        json tables = json::array();
        for (int i = 0; i < r.rows(); ++i)
            tables.push_back(
                {{"rank", r.text(i, 0)}, {"source", r.text(i, 1)}, {"target", r.text(i, 2)}, {"note", r.text(i, 3)}});
        json list = json::array();
        for (int i = 0; i < problems.rows(); ++i) list.push_back(problems.text(i, 0));
        fmt::print("{}\n", json{{"source", source}, {"tables", tables}, {"problems", list}}.dump());
        return;
    }
    fmt::print("{:<5} {:<40} {:<40} {}\n", "rank", "source", "target", "note");
    for (int i = 0; i < r.rows(); ++i)
        fmt::print("{:<5} {:<40} {:<40} {}\n", r.get(i, 0), r.get(i, 1), r.get(i, 2), r.get(i, 3));
    for (int i = 0; i < problems.rows(); ++i) fmt::print("PROBLEM: {}\n", problems.get(i, 0));
    fmt::print("\nedit with: lakemover psql -c \"UPDATE lakemover.plan_table SET ... WHERE source = '{}' AND ...\"\n",
               source);
}

void print_ddl(Pg& pg, const std::string& source) {
    fmt::print("{}",
               ddl_script_header("lakemover: the schema that the plan of source \"" + source + "\" makes, as of " +
                                 utc_timestamp() + "\nRun it with psql on an empty database."));
    const Result r = pg.query("SELECT stage, object, sql FROM lakemover._ddl($1) ORDER BY ordinal", {source});
    std::string stage;
    for (int i = 0; i < r.rows(); ++i) {
        if (r.get(i, 0) != stage) fmt::print("\n-- {}\n", stage = r.text(i, 0));
        fmt::print("{}", ddl_script_statement(r.get(i, 2)));
    }
}

int print_difference(Pg& pg, Pg& target, const Settings& settings, const std::string& source) {
    const std::string query = pg.scalar("SELECT lakemover._level0_query($1)", {source}).value_or("");
    const Value found = schema_of(target, query);
    const Result r = pg.query("SELECT kind, object, expected, found FROM lakemover._plan_difference($1, $2::jsonb)",
                              {source, found});
    json list = json::array();
    for (int i = 0; i < r.rows(); ++i) {
        const bool missing = r.get(i, 3) == "missing";
        if (settings.json)
            list.push_back({{"kind", r.text(i, 0)},
                            {"object", r.text(i, 1)},
                            {"planned", json::parse(r.text(i, 2))},
                            {"found", missing ? json() : json::parse(r.text(i, 3))}});
        else if (missing)
            fmt::print("missing    {} {}\n", r.get(i, 0), r.get(i, 1));
        else
            fmt::print("different  {} {}: planned {}, found {}\n", r.get(i, 0), r.get(i, 1), r.get(i, 2), r.get(i, 3));
    }
    if (settings.json)
        fmt::print("{}\n", json{{"source", source}, {"differences", list}}.dump());
    else
        fmt::print("{} planned objects are missing or different on the target\n", r.rows());
    return r.rows();
}

}  // namespace

Exit command_plan(const Settings& settings, const PlanOptions& options) {
    if (options.diff) Target::require_given(settings.target);
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const Cancellable registered(cancel, pg);
    const std::string source = prepare_source(staging, pg, settings);
    std::optional<Pg> target_connection;
    if (settings.target.given()) {
        const Target target(settings.target);
        target_connection.emplace(target.connect());
        store_target_facts(target, *target_connection, pg);
    }
    pg.query("SELECT lakemover.inventory($1)", {source});
    make_plan(pg, source, settings);
    const Result problems = pg.query("SELECT message FROM lakemover._plan_problems($1)", {source});
    if (options.ddl || options.diff) {
        for (int i = 0; i < problems.rows(); ++i) fmt::print(stderr, "PROBLEM: {}\n", problems.get(i, 0));
        if (problems.rows() > 0) return Exit::kBlockers;
        if (options.ddl)
            print_ddl(pg, source);
        else
            return print_difference(pg, *target_connection, settings, source) > 0 ? Exit::kValidation : Exit::kSuccess;
    } else {
        print_list(pg, settings, source, problems);
    }
    return problems.rows() > 0 ? Exit::kBlockers : Exit::kSuccess;
}

}  // namespace lakemover::loader
