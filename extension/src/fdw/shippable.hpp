// Which expressions mean the same on the source, and in which sort order. Zone: PostgreSQL, plain data.
#pragma once
#include "fdw/fdw.hpp"

extern "C" {
#include "nodes/primnodes.h"
}

namespace lakemover::fdw {

// The foreign table that an expression is about.
struct ExprScope {
    RelOptInfo* rel;
    const RelInfo* info;
    Relids params;  // other relations whose columns may be sent as parameters, or NULL
};

// Where the collation of an expression comes from, as the source will see it.
struct CollationState {
    bool from_column;  // else from constants and parameters only
    bool forced_c;     // written with COLLATE "C"
    Oid local;
    const RemoteColumn* column;
};

const char* type_name(Oid type);  // pg_type.typname

// Built-in types whose text form and operators are the same on every supported version.
bool is_shippable_type(Oid type);

// True when the source computes the same value as we would.
bool is_shippable(const ExprScope& scope, Expr* expr);
bool is_shippable(const ExprScope& scope, Expr* expr, CollationState* state);

// A column of this relation whose remote type is the local one.
bool is_shippable_column(const ExprScope& scope, const Var* var);

// Sorting by this expression (or min, max, <, > of it) gives the same order on both sides.
// add_collate is set when the remote expression must say COLLATE "C" for that.
bool is_same_order(const ExprScope& scope, Expr* expr, Oid collation, bool* add_collate);

// The same for an operator whose operands are already known to be shippable.
bool operator_needs_collate(const ExprScope& scope, const OpExpr* op);

bool is_order_operator(Oid op);
bool is_orderable_type(Oid type);

}  // namespace lakemover::fdw
