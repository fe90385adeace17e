// SQL for the source, in PostgreSQL's words. Zone: PostgreSQL, plain data.
#pragma once
#include "fdw/shippable.hpp"

extern "C" {
#include "lib/stringinfo.h"
}

namespace lakemover::fdw {

struct SelectParts {
    List* pathkeys;    // NIL: no ORDER BY
    bool limit;        // the query's LIMIT and OFFSET go along
    List* conditions;  // expressions, all shippable
};

struct Deparsed {
    StringInfo sql;
    List* retrieved;  // attribute numbers (or target positions) in the order of the remote columns
    List* params;     // local expressions for $1, $2, ...
    List* columns;    // of a source with a dialect of its own: see foreign_query.hpp
};

Deparsed deparse_select(PlannerInfo* root, RelOptInfo* rel, const SelectParts& parts);
Deparsed deparse_aggregate(PlannerInfo* root, RelOptInfo* grouped, const SelectParts& parts);

// SELECT of all columns for ANALYZE, on percent of the pages (100 and more: the whole table).
Deparsed deparse_sample(Relation relation, const RelInfo* info, double percent);

// The member of an equivalence class that belongs to this relation and sorts alike there, or nullptr.
Expr* sortable_member(const ExprScope& scope, const PathKey* pathkey, bool* add_collate);

const char* qualified_remote_name(const RelInfo* info);

}  // namespace lakemover::fdw
