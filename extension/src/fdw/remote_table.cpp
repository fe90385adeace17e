// See remote_table.hpp. The cache holds C++ objects and is copied out as plain data: an invalidation
// may arrive while a plan is being made from it.
#include "fdw/remote_table.hpp"

#include <algorithm>
#include <optional>

#include "fdw/connection.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace lakemover::fdw {

using source::Error;
using source::ErrorKind;
using source::TextRow;

namespace {

constexpr int kMaxAgeMillis = 60000;
constexpr double kGuessedRowBytes = 100;  // where a catalog tells rows but no sizes

struct Column {
    bool null_safe;
    bool deterministic;
    bool leads_index;
    std::optional<std::string> catalog_type;
    int32 typmod;
    std::optional<std::string> collation;
    std::optional<std::string> order;
    std::optional<std::string> native_type;
};

struct Description {
    double rows = -1;
    double pages = 0;
    char kind = 'r';
    int version_num = 0;
    bool same_encoding = false;
    std::map<std::string, Column> columns;
    const source::ForeignDialect* dialect = nullptr;
    bool outside_points = false;
    TimestampTz taken = 0;
    bool stale = false;
};

std::map<Oid, Description>& cache() {
    static std::map<Oid, Description> all;
    return all;
}

void on_relcache(Datum /*arg*/, Oid relid) {
    for (auto& [id, description] : cache()) {
        description.stale = description.stale || !OidIsValid(relid) || id == relid;
    }
}

// Another server option or mapping may mean another source.
void on_syscache(Datum /*arg*/, int /*cache*/, uint32 /*hash*/) {
    for (auto& item : cache()) {
        item.second.stale = true;
    }
}

void register_callbacks() {
    static bool done = false;
    if (!done) {
        pg::pg_call([] {
            CacheRegisterRelcacheCallback(on_relcache, Datum{0});
            CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_syscache, Datum{0});
            CacheRegisterSyscacheCallback(USERMAPPINGOID, on_syscache, Datum{0});
        });
        done = true;
    }
}

std::string column_query(int version_num) {
    return "SELECT a.attname, CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname END, a.atttypmod,"
           " t.typtype IN ('b', 'e', 'r', 'm'), cn.nspname || '.' || co.collname, COALESCE(co.collisdeterministic, "
           "true), " +
           remote_order_sql(version_num) +
           ", EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum"
           " AND i.indisvalid AND i.indpred IS NULL)"
           " FROM pg_catalog.pg_attribute a"
           " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
           " JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace"
           " LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation"
           " LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace"
           " CROSS JOIN (SELECT * FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) d"
           " WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped";
}

Error no_relation(const RelInfo& info) {
    return {ErrorKind::kData,
            "42P01",
            "relation \"" + std::string(info.schema_name) + "." + info.table_name +
                "\" does not exist on the source of server \"" + info.server->servername + "\"",
            {},
            "check the options schema_name and table_name of the foreign table"};
}

Description ask_foreign(Session& session, const RelInfo& info) {
    const auto relations = session.relations(info.schema_name, info.table_name);
    if (relations.empty()) {
        throw no_relation(info);
    }
    const source::ForeignRelation& relation = relations.front();
    Description found;
    found.kind = relation.kind;
    found.rows = static_cast<double>(relation.rows);
    found.pages = std::max(found.rows, 0.0) * kGuessedRowBytes / BLCKSZ;
    found.same_encoding = false;
    found.dialect = &session.dialect();
    found.outside_points = relation.outside_points;
    for (const source::ForeignColumn& c : relation.columns) {
        Column column{};
        column.native_type = c.type;
        column.collation = c.collation;
        found.columns.emplace(c.name, std::move(column));
    }
    found.taken = GetCurrentTimestamp();
    return found;
}

Description ask(const RelInfo& info) {
    Session& session = acquire_session(info.server->serverid, info.user);
    if (session.is_foreign()) {
        return ask_foreign(session, info);
    }
    const int version = session.info().version_num;
    const std::string relation_query = "WITH RECURSIVE " + std::string(size_estimate_sql()) +
                                       " SELECT t.oid, t.relkind, s.rows, s.pages,"
                                       " pg_catalog.pg_encoding_to_char((SELECT encoding FROM pg_catalog.pg_database"
                                       " WHERE datname = pg_catalog.current_database()))"
                                       " FROM tree t LEFT JOIN sizes s ON s.root = t.oid WHERE t.depth = 0";
    const auto relation = session.query(relation_query, {info.schema_name, info.table_name});
    if (relation.rows.empty()) {
        throw no_relation(info);
    }
    const TextRow& row = relation.rows.front();
    Description found;
    found.kind = row[1]->front();
    found.rows = row[2] ? std::stod(*row[2]) : -1;
    found.pages = row[3] ? std::stod(*row[3]) : 0;
    found.version_num = version;
    found.same_encoding = pg_char_to_encoding(row[4]->c_str()) == GetDatabaseEncoding();
    for (const TextRow& c : session.query(column_query(version), {row[0]}).rows) {
        found.columns.emplace(*c[0], Column{c[3] == "t", c[5] == "t", c[7] == "t", c[1],
                                            static_cast<int32>(std::stol(*c[2])), c[4], c[6], std::nullopt});
    }
    found.taken = GetCurrentTimestamp();
    return found;
}

const char* copy(const std::optional<std::string>& text) { return text ? pg::to_cstring(*text) : nullptr; }

// SQL Server's names may be compared without regard to case: then there is only one that differs in nothing else.
std::map<std::string, Column>::const_iterator find_column(const Description& from, const char* name) {
    const auto exact = from.columns.find(name);
    if (exact != from.columns.end() || from.dialect == nullptr) {
        return exact;
    }
    const auto same = [name](const auto& item) { return pg_strcasecmp(item.first.c_str(), name) == 0; };
    const auto found = std::find_if(from.columns.begin(), from.columns.end(), same);
    const bool single = found != from.columns.end() && std::none_of(std::next(found), from.columns.end(), same);
    return single ? found : from.columns.end();
}

RemoteTable* copy_out(const Description& from, int natts, const char* const* names) {
    auto* table = pg::pg_call([] { return palloc_zeroed<RemoteTable>(); });
    *table = {from.rows, from.pages, from.kind,    from.version_num,   from.same_encoding,
              natts,     nullptr,    from.dialect, from.outside_points};
    table->columns = pg::pg_call([=] { return palloc_zeroed<RemoteColumn>(static_cast<std::size_t>(natts)); });
    for (int i = 0; i < natts; ++i) {
        const auto found = names[i] == nullptr ? from.columns.end() : find_column(from, names[i]);
        if (found != from.columns.end()) {
            const Column& c = found->second;
            table->columns[i] = {true,     c.null_safe,       c.deterministic, c.leads_index,      copy(c.catalog_type),
                                 c.typmod, copy(c.collation), copy(c.order),   copy(c.native_type)};
        }
    }
    return table;
}

}  // namespace

std::string_view size_estimate_sql() {
    // Not yet analyzed (reltuples -1, or 0 on no pages before PostgreSQL 14): the relation's size on
    // disk and a guess at the row's width, as the planner of the source would do.
    return "tree AS (SELECT c.oid AS root, c.oid, c.relkind, c.reltuples, c.relpages, 0 AS depth FROM "
           "pg_catalog.pg_class c"
           " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
           " WHERE n.nspname = $1::pg_catalog.text AND ($2::pg_catalog.text IS NULL OR c.relname = $2::pg_catalog.text)"
           " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
           " UNION ALL SELECT t.root, c.oid, c.relkind, c.reltuples, c.relpages, t.depth + 1 FROM tree t"
           " JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid),"
           " sizes AS (SELECT t.root, sum(CASE WHEN p.pages IS NULL THEN t.reltuples::pg_catalog.float8"
           " ELSE p.pages * (pg_catalog.current_setting('block_size')::pg_catalog.int4 - 24) / (28 + COALESCE(w.width, "
           "32)) END)"
           " AS rows, sum(COALESCE(p.pages, t.relpages::pg_catalog.float8)) AS pages FROM tree t"
           " CROSS JOIN LATERAL (SELECT CASE WHEN t.reltuples < 0 OR t.relpages = 0"
           " THEN pg_catalog.pg_relation_size(t.oid)::pg_catalog.float8"
           " / pg_catalog.current_setting('block_size')::pg_catalog.int4 END AS pages) p"
           " CROSS JOIN LATERAL (SELECT sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END) AS width"
           " FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) w"
           " WHERE t.relkind IN ('r', 'm') GROUP BY t.root)";
}

std::string remote_order_sql(int version_num) {
    const std::string database_version =
        version_num >= 150000 ? "pg_catalog.pg_database_collation_actual_version(d.oid)" : "NULL::pg_catalog.text";
    // to_jsonb hides which of the locale columns a version of PostgreSQL has.
    return "(SELECT CASE WHEN o.provider IN ('c', 'b') AND o.locale IN ('C', 'POSIX') THEN 'C'"
           " WHEN o.provider = 'b' THEN 'C'"
           " ELSE o.provider || ':' || o.locale || ':' || COALESCE(o.rules, '') || ':' || o.version END"
           " FROM (SELECT CASE WHEN own THEN co.collprovider::pg_catalog.text ELSE COALESCE(dj->>'datlocprovider', "
           "'c') END"
           " AS provider,"
           " CASE WHEN NOT own AND COALESCE(dj->>'datlocprovider', 'c') = 'c' THEN d.datcollate::pg_catalog.text"
           " WHEN NOT own THEN COALESCE(dj->>'datlocale', dj->>'daticulocale')"
           " WHEN co.collprovider = 'c' THEN cj->>'collcollate'"
           " ELSE COALESCE(cj->>'colllocale', cj->>'colliculocale', cj->>'collcollate') END AS locale,"
           " CASE WHEN own THEN cj->>'collicurules' ELSE dj->>'daticurules' END AS rules,"
           " CASE WHEN own THEN pg_catalog.pg_collation_actual_version(co.oid) ELSE " +
           database_version +
           " END AS version FROM (SELECT co.collprovider <> 'd' AS own, pg_catalog.to_jsonb(co) AS cj,"
           " pg_catalog.to_jsonb(d) AS dj WHERE co.oid IS NOT NULL) j) o)";
}

const RemoteTable* describe_remote(Relation relation, const RelInfo* info) {
    return pg::entry([&]() -> const RemoteTable* {
        register_callbacks();
        const Oid relid = RelationGetRelid(relation);
        const auto found = cache().find(relid);
        const bool fresh = found != cache().end() && !found->second.stale &&
                           !TimestampDifferenceExceeds(found->second.taken, GetCurrentTimestamp(), kMaxAgeMillis);
        Description& description = fresh ? found->second : (cache()[relid] = ask(*info));
        return copy_out(description, RelationGetNumberOfAttributes(relation), info->column_names);
    });
}

}  // namespace lakemover::fdw
