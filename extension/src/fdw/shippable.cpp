// See shippable.hpp. An allow-list: built-in, immutable, known to PostgreSQL 12 and younger, independent
// of settings. What is not on it is computed here, which is slower and never wrong.
#include "fdw/shippable.hpp"

#include <algorithm>
#include <array>

#include "fdw/collation.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace lakemover::fdw {

namespace {

constexpr std::array kOrderableTypes = {
    BOOLOID,      INT2OID,        INT4OID,     INT8OID, OIDOID,   FLOAT4OID,  FLOAT8OID, NUMERICOID, TEXTOID,
    VARCHAROID,   BPCHAROID,      NAMEOID,     CHAROID, BYTEAOID, DATEOID,    TIMEOID,   TIMETZOID,  UUIDOID,
    TIMESTAMPOID, TIMESTAMPTZOID, INTERVALOID, INETOID, CIDROID,  MACADDROID, BITOID,    VARBITOID,
};

constexpr std::array<std::string_view, 22> kOperators = {
    "=",  "<>",  "<",  "<=", ">",  ">=", "+", "-", "*",  "/",   "%",
    "~~", "!~~", "||", "@>", "<@", "&&", "&", "|", "->", "->>", "?",
};

constexpr std::array<std::string_view, 4> kOrderOperators = {"<", "<=", ">", ">="};

constexpr std::array<std::string_view, 20> kFunctions = {
    "abs",   "bit_length", "btrim",  "ceil",  "ceiling", "char_length",  "character_length",
    "floor", "left",       "length", "ltrim", "mod",     "octet_length", "replace",
    "right", "round",      "rtrim",  "sign",  "strpos",  "trunc",
};

template <class List, class Item> bool contains(const List& list, const Item& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_text_type(Oid type) { return type == TEXTOID || type == VARCHAROID; }

bool is_builtin(Oid oid) { return oid < FirstGenbkiObjectId; }

bool is_immutable(Oid function) { return is_builtin(function) && func_volatile(function) == PROVOLATILE_IMMUTABLE; }

class Walker {
public:
    explicit Walker(const ExprScope& scope) : scope_(scope) {}
    bool walk(Node* node, CollationState* state) const;

private:
    bool walk_list(List* list, CollationState* state) const;
    bool walk_column(Var* var, CollationState* state) const;
    bool walk_operator(OpExpr* op, CollationState* state) const;
    bool walk_function(FuncExpr* call, CollationState* state) const;
    bool neutral(Oid collation, const CollationState& state) const;
    bool merge(CollationState* into, const CollationState& from) const;

    const ExprScope& scope_;
};

bool Walker::merge(CollationState* into, const CollationState& from) const {
    if (!from.from_column && !from.forced_c) {
        return true;
    }
    if (!into->from_column && !into->forced_c) {
        *into = from;
        return true;
    }
    if (into->forced_c || from.forced_c) {
        *into = into->forced_c ? *into : from;
        return true;
    }
    // Two columns under different collations: the source would refuse to choose.
    return into->local == from.local && std::strcmp(into->column->collation, from.column->collation) == 0;
}

bool Walker::walk_list(List* list, CollationState* state) const {
    ListCell* cell;
    foreach (cell, list) {
        if (!walk(static_cast<Node*>(lfirst(cell)), state)) {
            return false;
        }
    }
    return true;
}

bool Walker::walk_column(Var* var, CollationState* state) const {
    if (var->varlevelsup != 0) {
        return false;
    }
    if (!bms_is_member(var->varno, scope_.rel->relids)) {
        return bms_is_member(var->varno, scope_.params) && var->varattno > 0 && is_shippable_type(var->vartype);
    }
    if (!is_shippable_column(scope_, var)) {
        return false;
    }
    if (!OidIsValid(var->varcollid)) {
        return true;
    }
    const RemoteColumn& column = scope_.info->remote->columns[var->varattno - 1];
    return column.collation != nullptr && scope_.info->remote->same_encoding &&
           merge(state, {true, false, var->varcollid, &column});
}

// Equality and pattern matching compare bytes under deterministic collations, whichever they are.
bool Walker::neutral(Oid collation, const CollationState& state) const {
    if (!OidIsValid(collation)) {
        return !state.from_column;  // of two collations, or none at all: an error that is ours to raise
    }
    return scope_.info->remote->same_encoding && get_collation_isdeterministic(collation) &&
           (!state.from_column || state.column->deterministic);
}

bool order_proven(const ExprScope& scope, Oid collation, const CollationState& state, bool* add_collate) {
    *add_collate = false;
    if (!OidIsValid(collation)) {
        return !state.from_column;
    }
    if (!scope.info->remote->same_encoding) {
        return false;
    }
    if (is_c_order(collation)) {
        *add_collate = !state.forced_c && (!state.from_column || state.column->order == nullptr ||
                                           std::strcmp(state.column->order, "C") != 0);
        return true;
    }
    if (!state.from_column || state.forced_c || state.local != collation || state.column->order == nullptr ||
        state.column->deterministic != get_collation_isdeterministic(collation)) {
        return false;
    }
    const char* local = local_order(collation);
    return local != nullptr && std::strcmp(local, state.column->order) == 0;
}

bool Walker::walk_operator(OpExpr* op, CollationState* state) const {
    if (!is_builtin(op->opno) || !is_immutable(get_opcode(op->opno)) || op->opretset || list_length(op->args) != 2) {
        return false;
    }
    const char* name = get_opname(op->opno);
    if (name == nullptr || !contains(kOperators, std::string_view(name)) || !is_shippable_type(op->opresulttype)) {
        return false;
    }
    CollationState mine{};
    if (!walk_list(op->args, &mine)) {
        return false;
    }
    if (is_order_operator(op->opno)) {
        bool add_collate = false;
        auto* left = static_cast<Node*>(linitial(op->args));
        if (!is_orderable_type(exprType(left)) || !order_proven(scope_, op->inputcollid, mine, &add_collate)) {
            return false;
        }
    } else if (!neutral(op->inputcollid, mine)) {
        return false;
    }
    return !OidIsValid(op->opcollid) || merge(state, mine);
}

bool Walker::walk_function(FuncExpr* call, CollationState* state) const {
    if (!is_immutable(call->funcid) || call->funcretset || call->funcvariadic ||
        !is_shippable_type(call->funcresulttype)) {
        return false;
    }
    const bool cast = call->funcformat == COERCE_IMPLICIT_CAST || call->funcformat == COERCE_EXPLICIT_CAST;
    if (!cast) {
        const char* name = get_func_name(call->funcid);
        if (name == nullptr || call->funcformat != COERCE_EXPLICIT_CALL ||
            !contains(kFunctions, std::string_view(name))) {
            return false;
        }
    }
    CollationState mine{};
    if (!walk_list(call->args, &mine) || !neutral(call->inputcollid, mine)) {
        return false;
    }
    return !OidIsValid(call->funccollid) || merge(state, mine);
}

bool Walker::walk(Node* node, CollationState* state) const {
    if (node == nullptr) {
        return true;
    }
    switch (nodeTag(node)) {
        case T_Var: return walk_column(reinterpret_cast<Var*>(node), state);
        case T_Const: return is_shippable_type(reinterpret_cast<Const*>(node)->consttype);
        case T_Param: {
            auto* param = reinterpret_cast<Param*>(node);
            return (param->paramkind == PARAM_EXTERN || param->paramkind == PARAM_EXEC) &&
                   is_shippable_type(param->paramtype);
        }
        case T_OpExpr: return walk_operator(reinterpret_cast<OpExpr*>(node), state);
        case T_DistinctExpr: {
            auto* distinct = reinterpret_cast<DistinctExpr*>(node);
            CollationState mine{};
            return is_immutable(get_opcode(distinct->opno)) && walk_list(distinct->args, &mine) &&
                   neutral(distinct->inputcollid, mine);
        }
        case T_FuncExpr: return walk_function(reinterpret_cast<FuncExpr*>(node), state);
        case T_ScalarArrayOpExpr: {
            auto* any = reinterpret_cast<ScalarArrayOpExpr*>(node);
            const char* name = get_opname(any->opno);
            CollationState mine{};
            return is_builtin(any->opno) && is_immutable(get_opcode(any->opno)) && name != nullptr &&
                   (std::strcmp(name, "=") == 0 || std::strcmp(name, "<>") == 0 || std::strcmp(name, "~~") == 0) &&
                   walk_list(any->args, &mine) && neutral(any->inputcollid, mine);
        }
        case T_BoolExpr: return walk_list(reinterpret_cast<BoolExpr*>(node)->args, state);
        case T_NullTest: {
            auto* test = reinterpret_cast<NullTest*>(node);
            if (test->argisrow) {
                return false;
            }
            // Whatever the type is there, a missing value is a missing value.
            if (IsA(test->arg, Var)) {
                auto* var = reinterpret_cast<Var*>(test->arg);
                if (var->varlevelsup == 0 && bms_is_member(var->varno, scope_.rel->relids) && var->varattno > 0) {
                    return scope_.info->remote->columns[var->varattno - 1].null_safe;
                }
            }
            CollationState mine{};
            return walk(reinterpret_cast<Node*>(test->arg), &mine);
        }
        case T_BooleanTest: return walk(reinterpret_cast<Node*>(reinterpret_cast<BooleanTest*>(node)->arg), state);
        case T_RelabelType: {
            auto* relabel = reinterpret_cast<RelabelType*>(node);
            if (!is_shippable_type(relabel->resulttype)) {
                return false;
            }
            return walk(reinterpret_cast<Node*>(relabel->arg), state);
        }
        case T_CollateExpr: {
            auto* collate = reinterpret_cast<CollateExpr*>(node);
            CollationState mine{};
            if (collate->collOid != C_COLLATION_OID || !walk(reinterpret_cast<Node*>(collate->arg), &mine)) {
                return false;
            }
            mine.forced_c = true;
            mine.local = C_COLLATION_OID;
            return merge(state, mine);
        }
        case T_CoalesceExpr: return walk_list(reinterpret_cast<CoalesceExpr*>(node)->args, state);
        case T_ArrayExpr: {
            auto* array = reinterpret_cast<ArrayExpr*>(node);
            return !array->multidims && is_shippable_type(array->array_typeid) && walk_list(array->elements, state);
        }
        default: return false;
    }
}

}  // namespace

const char* type_name(Oid type) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for type %u", type);
    }
    const char* name = pstrdup(NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname));
    ReleaseSysCache(tuple);
    return name;
}

bool is_shippable_type(Oid type) {
    if (contains(kOrderableTypes, type) || type == JSONBOID) {
        return true;
    }
    const Oid element = is_builtin(type) ? get_element_type(type) : InvalidOid;
    return OidIsValid(element) && contains(kOrderableTypes, element);
}

bool is_orderable_type(Oid type) { return contains(kOrderableTypes, type); }

bool is_order_operator(Oid op) {
    const char* name = get_opname(op);
    return name != nullptr && contains(kOrderOperators, std::string_view(name));
}

bool is_shippable_column(const ExprScope& scope, const Var* var) {
    if (var->varattno <= 0 || !is_shippable_type(var->vartype)) {
        return false;
    }
    const RemoteColumn& column = scope.info->remote->columns[var->varattno - 1];
    if (!column.present || column.catalog_type == nullptr ||
        (var->vartypmod != -1 && var->vartypmod != column.typmod)) {
        return false;
    }
    // The remote name is compared with the name of our type; text and varchar are one to every operator.
    const char* local = type_name(var->vartype);
    const bool text_there =
        std::strcmp(column.catalog_type, "text") == 0 || std::strcmp(column.catalog_type, "varchar") == 0;
    return std::strcmp(local, column.catalog_type) == 0 || (is_text_type(var->vartype) && text_there);
}

bool is_shippable(const ExprScope& scope, Expr* expr, CollationState* state) {
    *state = {};
    // Another dialect is not this one: see condition.hpp.
    return scope.info->remote->dialect == nullptr && Walker(scope).walk(reinterpret_cast<Node*>(expr), state);
}

bool is_shippable(const ExprScope& scope, Expr* expr) {
    CollationState state{};
    return is_shippable(scope, expr, &state);
}

bool is_same_order(const ExprScope& scope, Expr* expr, Oid collation, bool* add_collate) {
    CollationState state{};
    *add_collate = false;
    return is_orderable_type(exprType(reinterpret_cast<Node*>(expr))) && is_shippable(scope, expr, &state) &&
           order_proven(scope, collation, state, add_collate);
}

bool operator_needs_collate(const ExprScope& scope, const OpExpr* op) {
    CollationState state{};
    bool add_collate = false;
    ListCell* cell;
    if (!OidIsValid(op->inputcollid) || !is_order_operator(op->opno)) {
        return false;
    }
    const Walker walker(scope);
    foreach (cell, op->args) {
        (void)walker.walk(static_cast<Node*>(lfirst(cell)), &state);
    }
    (void)order_proven(scope, op->inputcollid, state, &add_collate);
    return add_collate;
}

}  // namespace lakemover::fdw
