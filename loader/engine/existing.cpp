#include "loader/engine/existing.hpp"

#include <vector>

#include "loader/engine/large_objects.hpp"
#include "loader/engine/statement_runner.hpp"
#include "loader/target/objects.hpp"

namespace lakemover::loader {

namespace {

struct Table {
    std::string name;
    bool has_rows;
};

std::vector<Table> existing_tables(RunContext& run, Pg& staging, Pg& target) {
    const Value wanted = staging.scalar(
        "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('s', spec->>'target_schema', 't', "
        "spec->>'target_table'))::text "
        "FROM lakemover.run_table WHERE run_id = $1 AND spec->>'kind' <> 'large objects'",
        {run.id()});
    if (!wanted) return {};
    const Result found = target.query(
        "SELECT n.nspname, c.relname, c.relkind IN ('r', 'p'), c.relispartition FROM "
        "pg_catalog.jsonb_to_recordset($1::jsonb) AS w(s text, t text) "
        "JOIN pg_catalog.pg_namespace n ON n.nspname = w.s JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND "
        "c.relname = w.t "
        "ORDER BY c.relispartition DESC, 1, 2",
        {*wanted});
    std::vector<Table> tables;
    for (int i = 0; i < found.rows(); ++i) {
        const std::string name = target.quote_ident(found.get(i, 0)) + "." + target.quote_ident(found.get(i, 1));
        if (!found.boolean(i, 2))
            throw Error(Exit::kUsage, "the target has " + name + " already, and it is not a table", {},
                        "rename it there, or map the source's table to another name in lakemover.plan_table");
        bool rows = true;
        try {
            rows = target.scalar("SELECT EXISTS (SELECT FROM " + name + ")") == "t";
        } catch (const Error& e) {
            // Somebody else's table, which we may not even read: taken for one with rows.
            if (e.sqlstate != "42501") throw;
        }
        tables.push_back({name, rows});
    }
    return tables;
}

struct Code {
    std::string kind;  // as DROP and a person say it
    std::string name;
    bool before_tables;  // made before them: their defaults may call it
};

// In the order in which they can be dropped.
std::vector<Code> existing_code(RunContext& run, Pg& staging, Pg& target) {
    const Value wanted = staging.scalar(
        "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('kind', CASE lakemover._code_class(kind) WHEN "
        "'routine' THEN 'routine' ELSE kind END, 'name', object, 'early', stage = 'type') ORDER BY ordinal "
        "DESC)::text FROM lakemover.run_statement WHERE run_id = $1 AND (kind IN ('view', 'materialized view') OR "
        "lakemover._code_class(kind) IN ('routine', 'operator'))",
        {run.id()});
    if (!wanted) return {};
    const Result found = target.query(
        "SELECT kind, name, early FROM ROWS FROM (pg_catalog.jsonb_to_recordset($1::jsonb) AS (kind text, name text, "
        "early boolean)) WITH ORDINALITY AS w(kind, name, early, no) WHERE CASE kind WHEN 'routine' THEN "
        "pg_catalog.to_regprocedure(name)::oid WHEN 'operator' THEN pg_catalog.to_regoperator(name)::oid ELSE "
        "pg_catalog.to_regclass(name)::oid END IS NOT NULL ORDER BY no",
        {*wanted});
    std::vector<Code> code;
    for (int i = 0; i < found.rows(); ++i) code.push_back({found.text(i, 0), found.text(i, 1), found.boolean(i, 2)});
    return code;
}

template <class Items, class Text> std::string joined(const Items& items, const Text& text) {
    std::string all;
    for (const auto& item : items)
        if (const std::string one = text(item); !one.empty()) all += (all.empty() ? "" : ", ") + one;
    return all;
}

[[noreturn]] void refuse(const std::vector<Table>& tables, const std::vector<Code>& code) {
    const std::string with_rows = joined(tables, [](const Table& t) { return t.has_rows ? t.name : ""; });
    const std::string empty = joined(tables, [](const Table& t) { return t.has_rows ? "" : t.name; });
    const std::string others = joined(code, [](const Code& c) { return c.kind + " " + c.name; });
    const std::string first = !with_rows.empty() ? "tables already, with rows: " + with_rows
                              : !empty.empty()   ? "tables already (empty): " + empty
                                                 : "objects already: " + others;
    std::string detail = with_rows.empty() || empty.empty() ? "" : "empty ones: " + empty;
    if (!tables.empty() && !others.empty()) detail += (detail.empty() ? "" : "; ") + ("other objects: " + others);
    throw Error(Exit::kUsage, "the target has planned " + first, detail,
                std::string("nothing was changed; --on-existing=drop drops them first, or ") +
                    (tables.empty() ? "give the source's another name in lakemover.plan_routine"
                                    : "map the source's tables to other names in lakemover.plan_table"));
}

// Triggers go with their tables, but only behind the functions that they call.
void drop_triggers(Pg& target, const std::string& tables) {
    const Result r = target.query(
        "SELECT pg_catalog.format('DROP TRIGGER %I ON %s', tgname, tgrelid::pg_catalog.regclass) FROM "
        "pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgparentid = 0 AND tgrelid IN (SELECT "
        "pg_catalog.to_regclass(name) FROM pg_catalog.jsonb_array_elements_text($1::jsonb) AS name)",
        {tables});
    for (int i = 0; i < r.rows(); ++i) target.exec(r.text(i, 0));
}

void drop(Pg& target, const Code& c) { target.exec("DROP " + c.kind + " IF EXISTS " + c.name); }

void drop_existing(RunContext& run, Pg& staging, Pg& target, const std::vector<Table>& tables,
                   const std::vector<Code>& code) {
    nlohmann::json list = nlohmann::json::array();
    for (const Table& t : tables) list.push_back(t.name);
    const std::string names = joined(tables, [](const Table& t) { return t.name; });
    std::string superseded;  // runs, by their uuid
    target.exec("BEGIN");
    try {
        superseded = Ledger::supersede(target, list.dump());
        // Without CASCADE, so that somebody else's view or key stops it.
        drop_triggers(target, list.dump());
        for (const Code& c : code)
            if (!c.before_tables) drop(target, c);
        // All at once, so that keys among them do not matter.
        if (!names.empty()) target.exec("DROP TABLE IF EXISTS " + names);
        for (const Code& c : code)
            if (c.before_tables) drop(target, c);
        target.exec("COMMIT");
    } catch (const Error& e) {
        if (target.alive()) target.exec("ROLLBACK");
        throw Error(Exit::kUsage, "cannot drop the planned objects that the target has already", describe_failure(e),
                    "other objects of the target depend on them; nothing was changed");
    }
    // They cannot be resumed any more, and need no snapshot.
    staging.query(
        "UPDATE lakemover.run SET state = 'failed', phase = 'ended', error = pg_catalog.format('run %s has replaced "
        "its tables', $2::text) WHERE run_uuid::text = ANY (pg_catalog.string_to_array($1, ', ')) AND state = "
        "'interrupted'",
        {superseded, run.id()});
    const std::string others = joined(code, [](const Code& c) { return c.kind + " " + c.name; });
    run.events.emit(Level::kWarning, "existing_objects",
                    "dropped on the target: " + names + (names.empty() || others.empty() ? "" : ", ") + others,
                    {{"superseded_runs", superseded}});
}

}  // namespace

void handle_existing_objects(RunContext& run, Pg& staging, Pg& target) {
    const std::vector<Table> tables = existing_tables(run, staging, target);
    const std::vector<Code> code = existing_code(run, staging, target);
    const bool some = !tables.empty() || !code.empty();
    if (some && run.options.on_existing == "refuse") refuse(tables, code);
    const std::string large_objects = existing_large_objects(run, staging, target);
    if (some) drop_existing(run, staging, target, tables, code);
    // Those of an earlier run; behind the tables, which may be in somebody's way.
    if (const std::int64_t n = unlink_large_objects(target, large_objects, nullptr); n > 0)
        run.events.emit(Level::kWarning, "existing_objects",
                        "unlinked on the target: " + std::to_string(n) + " large objects of an earlier run");
}

}  // namespace lakemover::loader
