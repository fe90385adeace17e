// lakemover.checksum(): what is asked about all rows of a relation, on the source behind a foreign table or here.
// Zone: PostgreSQL; the statement is made from plain data that the guarded part gathers.
#include "fdw/connection.hpp"
#include "fdw/remote_table.hpp"
#include "pg/spi.hpp"
#include "source/dialect.hpp"
#include "source/postgres/canonical.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(lakemover_relation_checksum);
PG_FUNCTION_INFO_V1(lakemover_source_relation_checksum);
}

namespace lakemover::fdw {

namespace {

struct Column {
    const char* name;
    const char* codec;  // typname, domains followed
};

// A relation by the names that the place has which is asked.
struct Subject {
    const char* schema;
    const char* table;
    const Column* columns;
    int count;
    Oid server;  // InvalidOid: no foreign table of ours is asked about its source
};

const char* type_name(Oid type) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(getBaseType(type)));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for type %u", type);
    }
    const char* name = pstrdup(NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname));
    ReleaseSysCache(tuple);
    return name;
}

bool is_ours(Oid relid) {
    const ForeignServer* server = GetForeignServer(GetForeignTable(relid)->serverid);
    return std::strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, "lakemover_fdw") == 0;
}

// on_source: the names behind a foreign table of ours, if it is one.
Subject describe(Oid relid, bool on_source) {
    Relation relation = relation_open(relid, AccessShareLock);
    const char kind = relation->rd_rel->relkind;
    const bool has_rows = std::strchr("rpvmf", kind) != nullptr;
    if (!has_rows) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" has no rows of its own", RelationGetRelationName(relation)),
                        errhint("name a table, a foreign table or a view")));
    }
    const AclResult allowed = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);
    if (allowed != ACLCHECK_OK) {
        aclcheck_error(allowed, get_relkind_objtype(kind), RelationGetRelationName(relation));
    }
    Subject subject{};
    RelInfo* info = nullptr;
    if (kind == RELKIND_FOREIGN_TABLE && is_ours(relid)) {
        info = palloc_zeroed<RelInfo>();
        read_table_options(relation, info);
        subject.server = info->server->serverid;
    }
    const bool remote = on_source && info != nullptr;
    subject.schema = remote ? info->schema_name : get_namespace_name(RelationGetNamespace(relation));
    subject.table = remote ? info->table_name : pstrdup(RelationGetRelationName(relation));
    const TupleDesc desc = RelationGetDescr(relation);
    auto* columns = palloc_zeroed<Column>(static_cast<std::size_t>(desc->natts));
    for (int i = 0; i < desc->natts; ++i) {
        const Form_pg_attribute att = TupleDescAttr(desc, i);
        if (!att->attisdropped) {
            columns[subject.count++] = {remote ? info->column_names[i] : pstrdup(NameStr(att->attname)),
                                        type_name(att->atttypid)};
        }
    }
    subject.columns = columns;
    relation_close(relation, NoLock);
    return subject;
}

std::string statement(const Subject& subject, source::CsvHash hash) {
    namespace postgres = source::postgres;
    const source::Dialect& dialect = source::postgres_dialect();
    std::vector<std::string> texts;
    for (int i = 0; i < subject.count; ++i) {
        texts.push_back(postgres::canonical_text("t." + dialect.quote_identifier(subject.columns[i].name),
                                                 subject.columns[i].codec));
    }
    return postgres::checksum_of("SELECT " + postgres::csv_hash(texts, hash) + " AS h FROM " +
                                     dialect.qualified(subject.schema, subject.table) + " AS t",
                                 hash);
}

source::CsvHash hash_of(FunctionCallInfo fcinfo) {
    return source::parse_csv_hash(pg::from_text_datum(PG_GETARG_DATUM(1)));
}

// Here, whatever the relation is, under the settings of the caller.
Datum relation_checksum(FunctionCallInfo fcinfo) {
    const source::CsvHash hash = hash_of(fcinfo);
    const Subject subject = pg::pg_call([=] { return describe(PG_GETARG_OID(0), false); });
    const std::string sql = statement(subject, hash);
    return pg::to_text_datum(pg::spi_query(sql.c_str(), {}, pg::SpiMode::kRead).at(0).at(0).value());
}

// There, where the source computes it in PostgreSQL's SQL; otherwise NULL.
Datum source_relation_checksum(FunctionCallInfo fcinfo) {
    const source::CsvHash hash = hash_of(fcinfo);
    const Subject subject = pg::pg_call([=] { return describe(PG_GETARG_OID(0), true); });
    fcinfo->isnull = true;
    if (!OidIsValid(subject.server)) {
        return Datum{0};
    }
    Session& session = acquire_session(subject.server, GetUserId());
    if (session.is_foreign()) {
        return Datum{0};
    }
    fcinfo->isnull = false;
    return pg::to_text_datum(session.query(statement(subject, hash)).rows.at(0).at(0).value());
}

}  // namespace

}  // namespace lakemover::fdw

extern "C" Datum lakemover_relation_checksum(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::fdw::relation_checksum(fcinfo); });
}

extern "C" Datum lakemover_source_relation_checksum(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::fdw::source_relation_checksum(fcinfo); });
}
