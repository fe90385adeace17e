#include "loader/engine/repair.hpp"

#include <algorithm>
#include <utility>

#include "loader/engine/phases.hpp"
#include "loader/engine/pump.hpp"
#include "loader/engine/surplus.hpp"
#include "loader/staging/run_table.hpp"
#include "loader/validate/stream_rows.hpp"

namespace lakemover::loader {

namespace {

constexpr std::size_t kPiece = 1 << 20;

struct Table {
    RepairedTable done;
    TableSpec spec;
    std::string copy_in, copy_out;
    std::vector<std::string> chunks;
    std::vector<std::size_t> match;  // columns that say which row it is; empty: only the whole row does
    codec::Digest read;              // of the source, when it was compared
    Surplus surplus;
    bool loses_rows = false;   // some rows of the target go for good; others are only updated
    std::string fresh, stale;  // temporary tables: rows that are wanted, places of those that are not

    std::string columns(Pg& target) const {
        std::string list;
        for (const ColumnSpec& c : spec.columns) list += (list.empty() ? "" : ", ") + target.quote_ident(c.target_name);
        return list;
    }
    // Two aliases have the same row, which may differ in what an UPDATE can change.
    std::string same_key(Pg& target, const std::string& a, const std::string& b) const {
        std::string list;
        for (const std::size_t k : match) {
            const std::string name = target.quote_ident(spec.columns[k].target_name);
            list += (list.empty() ? "" : " AND ") + a + "." + name + " = " + b + "." + name;
        }
        return list;
    }
};

// Those that differ, or those that are equal; parents before children.
std::vector<Table> compared_tables(RunContext& run, Pg& staging, bool differing) {
    const Result r = staging.query(
        "SELECT t.table_id, t.spec, lakemover._target_sql(t.run_id, t.table_id, 'copy_in'), "
        "lakemover._target_sql(t.run_id, t.table_id, 'copy_out') FROM lakemover.run_table t WHERE t.run_id = $1 AND "
        "t.state IN ('loaded', 'done') AND (t.spec->>'copies_rows')::boolean AND t.spec->>'kind' <> 'large objects' "
        "AND " +
            std::string(differing ? "" : "NOT ") +
            "EXISTS (SELECT FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND "
            "v.level IN (1, 2) AND v.verdict NOT IN ('equal', 'equal under policy')) AND NOT EXISTS (SELECT FROM "
            "lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND v.level IN (1, 2) AND "
            "v.verdict = 'not comparable') ORDER BY t.load_rank, t.table_id",
        {run.id()});
    std::vector<Table> tables;
    for (int i = 0; i < r.rows(); ++i) {
        Table t;
        t.done.table_id = r.integer(i, 0);
        t.done.name = table_name(staging, run.id(), t.done.table_id);
        t.spec = parse_table_spec(nlohmann::json::parse(r.get(i, 1)));
        t.copy_in = r.text(i, 2);
        t.copy_out = r.text(i, 3);
        const std::string id = std::to_string(t.done.table_id);
        t.fresh = "pg_temp.lakemover_fresh_" + id;
        t.stale = "pg_temp.lakemover_stale_" + id;
        const Result c = staging.query(
            "SELECT chunk_id, rows_copied, digest[1]::text, digest[2]::text FROM lakemover.run_chunk WHERE run_id = $1 "
            "AND table_id = $2 ORDER BY chunk_no",
            {run.id(), id});
        for (int k = 0; k < c.rows(); ++k) {
            t.chunks.push_back(c.text(k, 0));
            t.read.add(codec::Digest::from_text(static_cast<std::uint64_t>(c.integer(k, 1)), c.get(k, 2), c.get(k, 3)));
        }
        tables.push_back(std::move(t));
    }
    return tables;
}

// As a condition on alias t. Of the rows that are not wanted those whose key comes again keep their place: what references
// them stays whole.
std::string not_again(Pg& target, const Table& table) {
    return table.match.empty()
               ? ""
               : " AND NOT EXISTS (SELECT FROM " + table.fresh + " n WHERE " + table.same_key(target, "n", "t") + ")";
}

// As the elements of an array in SQL.
std::string literals(Pg& target, const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + target.quote_literal(text);
    return list;
}

// What would change more than the rows of this table; empty: nothing.
std::string obstacle(Pg& target, const Table& table, const std::vector<std::string>& names) {
    if (table.spec.columns.empty()) return "it has no columns";
    const Value triggers = target.scalar(
        "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(tgname), ', ') FROM pg_catalog.pg_trigger WHERE tgrelid = "
        "$1::pg_catalog.regclass AND NOT tgisinternal AND tgenabled NOT IN ('D', 'R')",
        {table.done.name});
    if (triggers) return "its triggers would fire: " + *triggers + "; disable them first";
    std::vector<std::string> match;
    for (const std::size_t k : table.match) match.push_back(table.spec.columns[k].target_name);
    // An update leaves the key as it is; whoever references other columns may follow it.
    const Value cascades = target.scalar(
        "SELECT pg_catalog.string_agg(DISTINCT conrelid::pg_catalog.regclass::text, ', ') FROM "
        "pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid = $1::pg_catalog.regclass AND ((confdeltype IN "
        "('c', 'n', 'd') AND $2::boolean) OR (confupdtype IN ('c', 'n', 'd') AND EXISTS (SELECT FROM "
        "pg_catalog.unnest(confkey) AS k(no) JOIN pg_catalog.pg_attribute a ON a.attrelid = confrelid AND a.attnum = "
        "k.no WHERE a.attname <> ALL (ARRAY[" +
            literals(target, match) + "]::text[])))) AND conrelid <> ALL (ARRAY[" + literals(target, names) +
            "]::pg_catalog.regclass[])",
        {table.done.name, table.loses_rows ? "t" : "f"});
    if (cascades && !table.surplus.unwanted.empty())
        return "writing to its rows would change rows of " + *cascades + ", which are not part of this";
    return {};
}

// The key; with an identity that takes no value from an UPDATE, so that a row with another one is another row.
std::vector<std::size_t> match_of(Pg& target, const Table& table) {
    std::vector<std::size_t> match = table.spec.key;
    if (match.empty()) return match;
    const Result r = target.query(
        "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1::pg_catalog.regclass AND attidentity = 'a'",
        {table.done.name});
    for (std::size_t i = 0; r.rows() > 0 && i < table.spec.columns.size(); ++i)
        if (table.spec.columns[i].target_name == r.get(0, 0) && std::find(match.begin(), match.end(), i) == match.end())
            match.push_back(i);
    return match;
}

void load_fresh(RunContext& run, Pg& staging, Pg& target, Table& table) {
    const std::string columns = table.columns(target);
    target.exec("CREATE TEMP TABLE " + table.fresh + " ON COMMIT DROP AS SELECT " + columns + " FROM ONLY " +
                table.done.name + " WHERE false");
    const bool binary = table.spec.format == codec::Format::kBinary;
    std::int64_t loaded = 0;
    auto wanted = table.surplus.wanted;
    RowReader reader(table.spec, run.hash_key);
    target.copy_in_start("COPY " + table.fresh + " (" + columns + ")" +
                         table.copy_in.substr(table.copy_in.rfind(" FROM STDIN")));
    try {
        if (binary) target.copy_in_data(copy_header());
        std::string buffer;
        for (const std::string& chunk : table.chunks)
            stream_raw_rows(
                staging, run.run_id, chunk, table.spec, [&] { run.cancel.check(); },
                [&](const std::vector<Cell>& cells, std::string_view raw) {
                    const auto found = wanted.find(reader.add(cells));
                    if (found == wanted.end() || found->second == 0) return;
                    --found->second;
                    buffer.append(raw);
                    if (buffer.size() < kPiece) return;
                    target.copy_in_data(buffer);
                    buffer.clear();
                });
        target.copy_in_data(buffer);
        if (binary) target.copy_in_data(std::string_view("\377\377", 2));
    } catch (...) {
        target.copy_in_abort("the repair was given up");
        throw;
    }
    loaded = target.copy_in_end();
    if (loaded != static_cast<std::int64_t>(table.surplus.wanted_rows) || !(reader.result().digest == table.read))
        throw Error(Exit::kOther, table.done.name + ": the source changed between two readings", {},
                    "repair again while less is written to it");
}

void load_stale(Pg& target, const Table& table) {
    target.exec("CREATE TEMP TABLE " + table.stale + " (place tid) ON COMMIT DROP");
    target.copy_in_start("COPY " + table.stale + " FROM STDIN");
    std::string buffer;
    for (const std::string& place : table.surplus.unwanted) buffer.append(place).append("\n");
    target.copy_in_data(buffer);
    target.copy_in_end();
    target.exec("ANALYZE " + table.stale);
    target.exec("ANALYZE " + table.fresh);
}

// As a condition on alias t: no row of any table references it.
std::string unreferenced(Pg& target, const Table& table) {
    return target
        .scalar(
            "SELECT coalesce(pg_catalog.string_agg(pg_catalog.format(' AND NOT EXISTS (SELECT FROM %s c WHERE %s)', "
            "k.conrelid::pg_catalog.regclass, x.same), ''), '') FROM pg_catalog.pg_constraint k, LATERAL (SELECT "
            "pg_catalog.string_agg(pg_catalog.format('c.%I = t.%I', ca.attname, ta.attname), ' AND ') AS same FROM "
            "ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS u(child, parent) JOIN "
            "pg_catalog.pg_attribute ca ON ca.attrelid "
            "= k.conrelid AND ca.attnum = u.child JOIN pg_catalog.pg_attribute ta ON ta.attrelid = k.confrelid AND "
            "ta.attnum = u.parent) x WHERE k.contype = 'f' AND k.confrelid = $1::pg_catalog.regclass",
            {table.done.name})
        .value_or("");
}

std::int64_t delete_stale(Pg& target, const Table& table, const std::string& condition) {
    return target
        .exec("DELETE FROM ONLY " + table.done.name + " t USING " + table.stale + " s WHERE t.ctid = s.place" +
              not_again(target, table) + condition)
        .affected();
}

void update_stale(Pg& target, Table& table) {
    table.done.updated = 0;
    if (table.match.empty()) return;
    std::string set;
    for (std::size_t i = 0; i < table.spec.columns.size(); ++i) {
        if (std::find(table.match.begin(), table.match.end(), i) != table.match.end()) continue;
        const std::string name = target.quote_ident(table.spec.columns[i].target_name);
        set += (set.empty() ? "" : ", ") + name + " = n." + name;
    }
    if (set.empty()) return;
    table.done.updated =
        target
            .exec("UPDATE ONLY " + table.done.name + " t SET " + set + " FROM " + table.fresh + " n, " + table.stale +
                  " s WHERE t.ctid = s.place AND " + table.same_key(target, "n", "t"))
            .affected();
}

void insert_fresh(Pg& target, Table& table) {
    const std::string columns = table.columns(target);
    const std::string rest = table.match.empty() ? ""
                                                 : " WHERE NOT EXISTS (SELECT FROM ONLY " + table.done.name +
                                                       " t WHERE " + table.same_key(target, "n", "t") + ")";
    table.done.inserted =
        target
            .exec("INSERT INTO " + table.done.name + " (" + columns + ") OVERRIDING SYSTEM VALUE SELECT " + columns +
                  " FROM " + table.fresh + " n" + rest)
            .affected();
}

// Foreign keys want new parents first and old ones last, so that no cascade finds anything; another unique column wants
// old rows gone first. So those that nothing references go before all else. Neither order does for a row that is still
// referenced and whose successor has its unique value: the target says so, and everything stays.
void apply(Pg& target, std::vector<Table>& tables) {
    target.exec("SET CONSTRAINTS ALL DEFERRED");
    for (auto t = tables.rbegin(); t != tables.rend(); ++t)
        t->done.deleted = delete_stale(target, *t, unreferenced(target, *t));
    for (Table& t : tables) {
        update_stale(target, t);
        insert_fresh(target, t);
    }
    for (auto t = tables.rbegin(); t != tables.rend(); ++t) t->done.deleted += delete_stale(target, *t, "");
    target.exec("SET CONSTRAINTS ALL IMMEDIATE");
}

void prove(RunContext& run, Pg& target, const Table& table) {
    const TargetReader reader(table.spec, run.hash_key, table.copy_out, [&run] { run.cancel.check(); });
    if (reader.read(target, {}, 1).digest == table.read) return;
    throw Error(Exit::kValidation, table.done.name + ": after its repair the table is not what the source has", {},
                "nothing was changed; a rule or a generated value of the target may be in the way");
}

// Whether a key of the table changes its rows when rows of a repaired one go.
bool follows(Pg& target, const Table& table, const std::vector<Table>& repaired) {
    std::vector<std::string> names;
    for (const Table& t : repaired) names.push_back(t.done.name);
    return !repaired.empty() &&
           target.scalar(
               "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conrelid = "
               "$1::pg_catalog.regclass AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd')) AND "
               "confrelid = ANY (ARRAY[" +
                   literals(target, names) + "]::pg_catalog.regclass[]))",
               {table.done.name}) == "t";
}

void repair(RunContext& run, Pg& staging, Pg& target, std::vector<Table>& tables) {
    const std::vector<Table> equal = compared_tables(run, staging, false);
    std::vector<std::string> names;
    for (const Table& t : tables) names.push_back(t.done.name);
    for (const Table& t : equal) names.push_back(t.done.name);
    target.exec("BEGIN");
    target.exec("SET LOCAL lock_timeout = '60s'");
    // Nobody writes to them until this is over, an earlier loader of ours included.
    for (const Table& t : tables) target.exec("LOCK TABLE ONLY " + t.done.name + " IN SHARE ROW EXCLUSIVE MODE");
    for (Table& t : tables) {
        t.surplus = find_surplus(run, staging, target, t.spec, t.chunks, t.copy_out);
        if (!(t.surplus.source == t.read))
            throw Error(Exit::kOther, t.done.name + ": the source changed between two readings", {},
                        "repair again while less is written to it");
    }
    for (Table& t : tables) {
        if (t.spec.columns.empty()) continue;
        t.match = match_of(target, t);
        load_fresh(run, staging, target, t);
        load_stale(target, t);
        t.loses_rows = target.scalar("SELECT EXISTS (SELECT FROM ONLY " + t.done.name + " t JOIN " + t.stale +
                                     " s ON t.ctid = s.place WHERE true" + not_again(target, t) + ")") == "t";
    }
    // A table that is left alone must not lose rows with those of another one: refused until nothing more is.
    for (bool again = true; again;) {
        again = false;
        for (auto t = tables.begin(); t != tables.end();) {
            const std::string why = obstacle(target, *t, names);
            if (why.empty()) {
                ++t;
                continue;
            }
            run.events.emit(Level::kWarning, "not_repaired", t->done.name + " cannot be repaired: " + why, {},
                            t->done.table_id);
            std::erase(names, t->done.name);
            t = tables.erase(t);
            again = true;
        }
    }
    apply(target, tables);
    for (const Table& t : tables) prove(run, target, t);
    for (const Table& t : equal)
        if (follows(target, t, tables)) prove(run, target, t);
    target.exec("COMMIT");
}

// A sequence that the source has drawn from since: validation found it behind. Never backwards, which would draw numbers
// twice.
void advance_sequences(RunContext& run, Pg& staging) {
    const Result behind = staging.query(
        "SELECT s.object, s.sql FROM lakemover.difference d JOIN lakemover.run_statement s ON s.run_id = d.run_id AND "
        "s.stage = 'sequence_value' AND s.object = d.row_key JOIN lakemover.plan_sequence p ON p.source = $2 AND "
        "pg_catalog.format('%I.%I', p.target_schema, p.target_name) = s.object JOIN lakemover.inv_sequence i USING "
        "(source, sequence_id) WHERE d.run_id = $1 AND d.level = 0 AND d.cause = 'sequence is different' AND "
        "((d.source_value::jsonb->>'next')::numeric - (d.target_value::jsonb->>'next')::numeric) * "
        "pg_catalog.sign(i.increment_by) > 0 ORDER BY 1",
        {run.id(), run.source});
    if (behind.rows() == 0) return;
    with_target(run, [&](Pg& target) {
        for (int i = 0; i < behind.rows(); ++i) target.exec(behind.get(i, 1));
    });
    for (int i = 0; i < behind.rows(); ++i)
        run.events.emit(Level::kWarning, "sequence_advanced", behind.text(i, 0) + " goes on where the source's does",
                        {{"sql", behind.text(i, 1)}});
}

}  // namespace

namespace {

// They have no rows that an UPDATE could change, and whoever holds the OID of one would read another's.
void tell_large_objects(RunContext& run, Pg& staging) {
    if (staging.scalar("SELECT EXISTS (SELECT FROM lakemover.validation WHERE run_id = $1 AND table_id = "
                       "lakemover._large_objects_table() AND level IN (1, 2) AND verdict NOT IN ('equal'))",
                       {run.id()}) == "t")
        run.events.emit(Level::kWarning, "not_repaired",
                        "large objects differ and are not repaired: unlink those that differ on the target and load "
                        "them by a new run, or write them with lo_put()");
}

}  // namespace

std::vector<RepairedTable> repair_tables(RunContext& run, Pg& staging) {
    tell_large_objects(run, staging);
    const std::vector<Table> differing = compared_tables(run, staging, true);
    std::vector<RepairedTable> done;
    advance_sequences(run, staging);
    if (differing.empty()) return done;
    std::vector<Table> tables;
    // The same once more does no harm: of a commit without an answer nothing is left to do.
    with_target(run, [&](Pg& target) {
        tables = differing;
        try {
            repair(run, staging, target, tables);
        } catch (const codec::DecodeError& e) {
            throw_malformed(e);
        }
    });
    for (Table& t : tables) {
        run.events.emit(Level::kWarning, "table_repaired",
                        t.done.name + " was repaired: " + std::to_string(t.done.updated) + " rows updated, " +
                            std::to_string(t.done.inserted) + " inserted, " + std::to_string(t.done.deleted) +
                            " deleted, of " + std::to_string(t.read.rows),
                        {{"updated", t.done.updated}, {"inserted", t.done.inserted}, {"deleted", t.done.deleted}},
                        t.done.table_id);
        done.push_back(std::move(t.done));
    }
    return done;
}

}  // namespace lakemover::loader
