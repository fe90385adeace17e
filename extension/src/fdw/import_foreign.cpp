// IMPORT FOREIGN SCHEMA from sources with a dialect of their own: tables and views, each column with the type that
// lakemover.type_map gives it in the profile native. Zone: PostgreSQL; throws source::Error and PgError.
#include <algorithm>

#include "fdw/import.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace lakemover::fdw {

namespace {

using Types = std::map<std::string, source::TextValue>;

Types target_types(const std::vector<source::ForeignRelation>& relations) {
    Types types;
    for (const source::ForeignRelation& relation : relations) {
        for (const source::ForeignColumn& column : relation.columns) {
            types.emplace(column.type, std::nullopt);
        }
    }
    for (auto& [native, target] : types) {
        target = pg::spi_query("SELECT lakemover._sqlserver_target_type('native', $1)", {native}, pg::SpiMode::kRead)
                     .at(0)
                     .at(0);
    }
    return types;
}

// As an identifier is cut here.
std::string local_name(const std::string& name) {
    const int length = pg::pg_call(
        [&] { return pg_mbcliplen(name.c_str(), static_cast<int>(name.size()), static_cast<int>(NAMEDATALEN) - 1); });
    return name.substr(0, static_cast<std::size_t>(length));
}

bool is_wanted(const ImportForeignSchemaStmt* stmt, const std::string& name) {
    if (stmt->list_type == FDW_IMPORT_SCHEMA_ALL) {
        return true;
    }
    const int count = stmt->table_list == NIL ? 0 : stmt->table_list->length;
    bool listed = false;
    for (int i = 0; i < count; ++i) {
        const auto* table = static_cast<RangeVar*>(stmt->table_list->elements[i].ptr_value);
        listed = listed || local_name(name) == table->relname;
    }
    return listed == (stmt->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO);
}

std::string create_table(const source::ForeignRelation& relation, const Types& types,
                         const ImportForeignSchemaStmt* stmt, const ImportOptions& options, Imported& out) {
    std::string columns;
    for (const source::ForeignColumn& column : relation.columns) {
        const source::TextValue& type = types.at(column.type);
        if (!type) {
            out.notices.push_back("type " + column.type + " of column \"" + column.name + "\" of \"" + relation.name +
                                  "\" is not in lakemover.type_map, the column is left out");
            continue;
        }
        columns += (columns.empty() ? "\n" : ",\n") + ("    " + quoted(local_name(column.name))) + " " + *type +
                   " OPTIONS (column_name " + literal(column.name) + ")" +
                   (options.not_null && column.not_null ? " NOT NULL" : "");
    }
    std::string sql = "CREATE FOREIGN TABLE " + quoted(local_name(relation.name)) + " (" + columns + "\n) SERVER " +
                      quoted(stmt->server_name) + " OPTIONS (schema_name " + literal(stmt->remote_schema) +
                      ", table_name " + literal(relation.name);
    if (relation.rows >= 0) {
        sql += ", row_estimate " + literal(std::to_string(relation.rows));
    }
    return sql + ")";
}

}  // namespace

Imported import_foreign(Session& session, const ImportForeignSchemaStmt* stmt, const ImportOptions& options) {
    if (!session.has_schema(stmt->remote_schema)) {
        throw no_schema(stmt);
    }
    auto relations = session.relations(stmt->remote_schema, std::nullopt);
    std::erase_if(relations, [stmt](const source::ForeignRelation& r) { return !is_wanted(stmt, r.name); });
    const Types types = target_types(relations);
    Imported out;
    for (const source::ForeignRelation& relation : relations) {
        out.statements.push_back(create_table(relation, types, stmt, options, out));
    }
    return out;
}

}  // namespace lakemover::fdw
