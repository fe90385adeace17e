// See foreign_query.hpp.
#include "fdw/foreign_query.hpp"

#include "fdw/condition.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/value.h"
#include "parser/parsetree.h"
#include "utils/rel.h"
}

namespace lakemover::fdw {

namespace {

// Attribute numbers, checked to be columns of the source.
List* used_attributes(const RelInfo* info, TupleDesc desc, const Bitmapset* used) {
    const bool whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
    List* attributes = NIL;
    for (int i = 1; i <= desc->natts; ++i) {
        if (TupleDescAttr(desc, i - 1)->attisdropped ||
            !(whole_row || bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used))) {
            continue;
        }
        if (!info->remote->columns[i - 1].present) {
            ereport(ERROR,
                    (errcode(ERRCODE_UNDEFINED_COLUMN),
                     errmsg("column \"%s\" of relation \"%s.%s\" does not exist on the source of server \"%s\"",
                            info->column_names[i - 1], info->schema_name, info->table_name, info->server->servername),
                     errhint("check the option column_name of the foreign table's column")));
        }
        attributes = lappend_int(attributes, i);
    }
    return attributes;
}

// What a query is beside its columns and conditions. Plain data.
struct Shape {
    bool count;
    int64 limit;  // negative: none
    double percent;
};

source::ForeignQuery make_query(const ExprScope& scope, TupleDesc desc, List* attributes, List* conditions,
                                const Shape& shape) {
    source::ForeignQuery query;
    query.schema = scope.info->schema_name;
    query.table = scope.info->table_name;
    query.outside_points = scope.info->remote->outside_points;
    query.count = shape.count;
    query.sample_percent = shape.percent;
    if (shape.limit >= 0) {
        query.limit = shape.limit;
    }
    ListCell* cell;
    foreach (cell, attributes) {
        const Form_pg_attribute att = TupleDescAttr(desc, lfirst_int(cell) - 1);
        query.columns.push_back(foreign_column(scope.info, lfirst_int(cell), att->atttypid, att->atttypmod));
    }
    foreach (cell, conditions) {
        query.conditions.push_back(read_condition(scope, static_cast<Node*>(lfirst(cell))));
    }
    return query;
}

Deparsed deparse(const ExprScope& scope, TupleDesc desc, List* attributes, List* conditions, const Shape& shape) {
    Deparsed out{makeStringInfo(), attributes, NIL, NIL};
    pg::entry([&] {
        const source::ForeignQuery query = make_query(scope, desc, attributes, conditions, shape);
        const char* sql = pg::to_cstring(scope.info->remote->dialect->select(query));
        pg::pg_call([&] { appendStringInfoString(out.sql, sql); });
        for (const source::ForeignColumn& column : query.columns) {
            for (const std::string* part : {&column.name, &column.type, &column.codec}) {
                char* text = pg::to_cstring(*part);
                pg::pg_call([&] { out.columns = lappend(out.columns, makeString(text)); });
            }
        }
    });
    return out;
}

}  // namespace

int scan_mode(const RemoteTable* remote) {
    return remote->dialect == nullptr ? kOwnSql : remote->outside_points ? kForeignOutside : kForeign;
}

bool has_plain_limit(const Query* query) {
    auto* count = reinterpret_cast<Const*>(query->limitCount);
    return query->limitOffset == nullptr && count != nullptr && IsA(count, Const) && !count->constisnull &&
           DatumGetInt64(count->constvalue) >= 0;
}

Deparsed foreign_select(PlannerInfo* root, const ExprScope& scope, const SelectParts& parts) {
    Relation relation = table_open(planner_rt_fetch(scope.rel->relid, root)->relid, NoLock);
    const TupleDesc desc = RelationGetDescr(relation);
    const int64 limit = parts.limit ? DatumGetInt64(reinterpret_cast<Const*>(root->parse->limitCount)->constvalue) : -1;
    const Deparsed out = deparse(scope, desc, used_attributes(scope.info, desc, scope.info->attrs_used),
                                 parts.conditions, {false, limit, 100});
    table_close(relation, NoLock);
    return out;
}

Deparsed foreign_count(const ExprScope& scope, List* conditions) {
    Deparsed out = deparse(scope, nullptr, NIL, conditions, {true, -1, 100});
    out.retrieved = list_make1_int(1);
    return out;
}

Deparsed foreign_sample(const ExprScope& scope, Relation relation, double percent) {
    const TupleDesc desc = RelationGetDescr(relation);
    const Bitmapset* all = bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber);
    return deparse(scope, desc, used_attributes(scope.info, desc, all), NIL, {false, -1, percent});
}

source::ForeignRead foreign_read(const char* sql, List* columns, int mode) {
    source::ForeignRead read;
    read.sql = sql;
    read.outside_points = mode == kForeignOutside;
    const auto text = [columns](int i) { return std::string(strVal(columns->elements[i].ptr_value)); };
    for (int i = 0; columns != NIL && i + 2 < columns->length; i += 3) {
        source::ForeignColumn& column = read.columns.emplace_back();
        column.name = text(i);
        column.type = text(i + 1);
        column.codec = text(i + 2);
    }
    return read;
}

}  // namespace lakemover::fdw
