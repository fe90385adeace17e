// IMPORT FOREIGN SCHEMA: foreign tables for the relations of a schema of the source. Types that are not
// known here come as what they are made of, or as text, with a notice. Zone: PostgreSQL.
#include "fdw/import.hpp"

#include "fdw/connection.hpp"
#include "fdw/remote_table.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
}

namespace lakemover::fdw {

using source::Error;
using source::ErrorKind;
using source::TextRow;

namespace {

// Columns of the import query, in order.
enum ImportColumn {
    kRelation,
    kRows,
    kName,
    kType,
    kTypeSchema,
    kTypeName,
    kBaseType,
    kBaseSchema,
    kBaseName,
    kIsArray,
    kCollationSchema,
    kCollationName,
    kNotNull,
};

constexpr const char* kImportQuery =
    " SELECT c.relname, s.rows::pg_catalog.int8, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
    " tn.nspname, t.typname, pg_catalog.format_type(b.oid, b.typmod), bn.nspname, b.typname,"
    " t.typcategory = 'A', CASE WHEN co.collprovider <> 'd' THEN cn.nspname END,"
    " CASE WHEN co.collprovider <> 'd' THEN co.collname END, a.attnotnull"
    " FROM tree r JOIN pg_catalog.pg_class c ON c.oid = r.oid LEFT JOIN sizes s ON s.root = r.oid"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace"
    " LEFT JOIN LATERAL (WITH RECURSIVE down AS (SELECT t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype,"
    " a.atttypmod AS typmod UNION ALL SELECT n.oid, n.typname, n.typnamespace, n.typtype, n.typbasetype, d.next"
    " FROM (SELECT *, (SELECT y.typtypmod FROM pg_catalog.pg_type y WHERE y.oid = down.oid) AS next FROM down) d"
    " JOIN pg_catalog.pg_type n ON n.oid = d.typbasetype WHERE d.typtype = 'd')"
    " SELECT * FROM down WHERE typtype <> 'd') b ON t.typtype = 'd'"
    " LEFT JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace"
    " LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation"
    " LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace"
    " WHERE r.depth = 0";

std::string qualified(const source::TextValue& schema, const source::TextValue& name) {
    return quoted(*schema) + "." + quoted(*name);
}

bool type_exists(const std::string& name) {
    return pg::pg_call([&] {
        LOCAL_FCINFO(fcinfo, 1);
        InitFunctionCallInfoData(*fcinfo, nullptr, 1, InvalidOid, nullptr, nullptr);
        fcinfo->args[0].value = CStringGetTextDatum(name.c_str());
        fcinfo->args[0].isnull = false;
        (void)to_regtype(fcinfo);
        return !fcinfo->isnull;
    });
}

bool collation_exists(const TextRow& row) {
    return pg::pg_call([&] {
        List* name = list_make2(makeString(pstrdup(row[kCollationSchema]->c_str())),
                                makeString(pstrdup(row[kCollationName]->c_str())));
        return OidIsValid(get_collation_oid(name, true));
    });
}

std::string place(const TextRow& row) { return "column \"" + *row[kName] + "\" of \"" + *row[kRelation] + "\""; }

std::string local_type(const TextRow& row, Imported& out) {
    if (type_exists(qualified(row[kTypeSchema], row[kTypeName]))) {
        return *row[kType];
    }
    std::string fallback = row[kIsArray] == "t" ? "text[]" : "text";
    if (row[kBaseType] && type_exists(qualified(row[kBaseSchema], row[kBaseName]))) {
        fallback = *row[kBaseType];
    }
    out.notices.push_back("type " + *row[kType] + " of " + place(row) + " does not exist here, imported as " +
                          fallback);
    return fallback;
}

std::string column_sql(const TextRow& row, const ImportOptions& options, Imported& out) {
    const std::string type = local_type(row, out);
    std::string sql = "    " + quoted(*row[kName]) + " " + type + " OPTIONS (column_name " + literal(*row[kName]) + ")";
    // A type that was replaced by text may not have carried the collation; text may always.
    if (options.collate && row[kCollationName]) {
        if (collation_exists(row)) {
            sql += " COLLATE " + qualified(row[kCollationSchema], row[kCollationName]);
        } else {
            out.notices.push_back("collation " + qualified(row[kCollationSchema], row[kCollationName]) + " of " +
                                  place(row) + " does not exist here, imported with the default collation");
        }
    }
    if (options.not_null && row[kNotNull] == "t") {
        sql += " NOT NULL";
    }
    return sql;
}

Imported build(const std::vector<TextRow>& rows, const char* schema, const char* server, const ImportOptions& options) {
    Imported out;
    for (std::size_t i = 0; i < rows.size();) {
        const TextRow& first = rows[i];
        std::string columns;
        for (; i < rows.size() && rows[i][kRelation] == first[kRelation]; ++i) {
            if (rows[i][kName]) {
                columns += (columns.empty() ? "\n" : ",\n") + column_sql(rows[i], options, out);
            }
        }
        std::string sql = "CREATE FOREIGN TABLE " + quoted(*first[kRelation]) + " (" + columns + "\n) SERVER " +
                          quoted(server) + " OPTIONS (schema_name " + literal(schema) + ", table_name " +
                          literal(*first[kRelation]);
        if (first[kRows]) {
            sql += ", row_estimate " + literal(*first[kRows]);
        }
        out.statements.push_back(sql + ")");
    }
    return out;
}

// " AND c.relname IN (...)": only what was asked for travels.
std::string name_filter(const ImportForeignSchemaStmt* stmt) {
    std::string names;
    const int count = stmt->table_list == NIL ? 0 : stmt->table_list->length;
    for (int i = 0; i < count; ++i) {
        const auto* table = static_cast<RangeVar*>(stmt->table_list->elements[i].ptr_value);
        names += (names.empty() ? "" : ", ") + literal(table->relname);
    }
    // Partitions are read through their parent unless they are named.
    switch (stmt->list_type) {
        case FDW_IMPORT_SCHEMA_LIMIT_TO: return " AND c.relname IN (" + names + ")";
        case FDW_IMPORT_SCHEMA_EXCEPT: return " AND NOT c.relispartition AND c.relname NOT IN (" + names + ")";
        default: return " AND NOT c.relispartition";
    }
}

Imported import_schema(const ImportForeignSchemaStmt* stmt, Oid server, const ImportOptions& options) {
    const Oid user = pg::pg_call([] { return GetUserId(); });
    Session& session = acquire_session(server, user);
    if (session.is_foreign()) {
        return import_foreign(session, stmt, options);
    }
    const auto found =
        session.query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1::pg_catalog.text", {stmt->remote_schema});
    if (found.rows.empty()) {
        throw no_schema(stmt);
    }
    const auto columns = session.query("WITH RECURSIVE " + std::string(size_estimate_sql()) + kImportQuery +
                                           name_filter(stmt) + " ORDER BY c.relname, c.oid, a.attnum",
                                       {stmt->remote_schema, std::nullopt});
    return build(columns.rows, stmt->remote_schema, stmt->server_name, options);
}

ImportOptions read_options(const ImportForeignSchemaStmt* stmt) {
    ImportOptions options;
    ListCell* cell;
    foreach (cell, stmt->options) {
        auto* def = static_cast<DefElem*>(lfirst(cell));
        if (std::strcmp(def->defname, "import_collate") == 0) {
            options.collate = defGetBoolean(def);
        } else if (std::strcmp(def->defname, "import_not_null") == 0) {
            options.not_null = defGetBoolean(def);
        } else {
            ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", def->defname),
                            errhint("valid options in this context are: import_collate, import_not_null")));
        }
    }
    return options;
}

List* to_list(const std::vector<std::string>& texts) {
    List* list = NIL;
    for (const std::string& text : texts) {
        list = pg::pg_call([&] { return lappend(list, pstrdup(text.c_str())); });
    }
    return list;
}

}  // namespace

std::string quoted(const std::string& name) {
    return pg::pg_call([&] { return quote_identifier(name.c_str()); });
}

std::string literal(const std::string& text) {
    return pg::pg_call([&] { return quote_literal_cstr(text.c_str()); });
}

Error no_schema(const ImportForeignSchemaStmt* stmt) {
    return {ErrorKind::kConfig, "HV00Q",
            "schema \"" + std::string(stmt->remote_schema) + "\" is not present on the source of server \"" +
                stmt->server_name + "\""};
}

extern "C" List* lakemoverImportForeignSchema(ImportForeignSchemaStmt* stmt, Oid server_oid) {
    const ImportOptions options = read_options(stmt);
    List* notices = NIL;
    List* statements = pg::entry([&] {
        const Imported imported = import_schema(stmt, server_oid, options);
        notices = to_list(imported.notices);
        return to_list(imported.statements);
    });
    ListCell* cell;
    foreach (cell, notices) {
        ereport(NOTICE, (errmsg("%s", static_cast<const char*>(lfirst(cell)))));
    }
    return statements;
}

}  // namespace lakemover::fdw
