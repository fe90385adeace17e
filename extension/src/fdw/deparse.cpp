// See deparse.hpp. Identifiers and literals are always quoted by the server's own functions; names of
// operators and functions are built-in ones only (the source's search_path is pg_catalog alone).
#include "fdw/deparse.hpp"

#include "fdw/foreign_query.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"
}

namespace lakemover::fdw {

namespace {

class Deparser {
public:
    explicit Deparser(const ExprScope& scope) : scope_(scope), sql_(makeStringInfo()) {}

    StringInfo sql() const { return sql_; }
    List* params() const { return params_; }

    void columns(Relation relation, const Bitmapset* used, List** retrieved);
    void from() { appendStringInfo(sql_, " FROM %s", qualified_remote_name(scope_.info)); }
    void where(List* conditions);
    void order_by(List* pathkeys);
    void limit(const Query* query);
    void aggregate(const Aggref* aggregate);

private:
    void expression(Node* node);
    void column(const Var* var);
    void constant(const Const* value);
    void parameter(Node* node, Oid type, int32 typmod);
    void binary(const char* op, Node* left, Node* right, bool collate);
    void function(const FuncExpr* call);
    void array_comparison(const ScalarArrayOpExpr* any);
    void list(List* items, const char* separator);
    void boolean(const BoolExpr* expr);

    const ExprScope& scope_;
    StringInfo sql_;
    List* params_ = NIL;
};

const char* typed(Oid type, int32 typmod) { return format_type_with_typemod(type, typmod); }

void Deparser::columns(Relation relation, const Bitmapset* used, List** retrieved) {
    const TupleDesc desc = RelationGetDescr(relation);
    const bool whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
    bool first = true;
    for (int i = 1; i <= desc->natts; ++i) {
        if (TupleDescAttr(desc, i - 1)->attisdropped ||
            !(whole_row || bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used))) {
            continue;
        }
        appendStringInfo(sql_, "%s%s", first ? "" : ", ", quote_identifier(scope_.info->column_names[i - 1]));
        *retrieved = lappend_int(*retrieved, i);
        first = false;
    }
    if (first) {
        appendStringInfoString(sql_, "NULL");  // only the number of rows matters
    }
}

void Deparser::where(List* conditions) {
    ListCell* cell;
    const char* word = " WHERE ";
    foreach (cell, conditions) {
        appendStringInfoString(sql_, word);
        appendStringInfoChar(sql_, '(');
        expression(static_cast<Node*>(lfirst(cell)));
        appendStringInfoChar(sql_, ')');
        word = " AND ";
    }
}

void Deparser::order_by(List* pathkeys) {
    ListCell* cell;
    const char* word = " ORDER BY ";
    foreach (cell, pathkeys) {
        auto* pathkey = static_cast<PathKey*>(lfirst(cell));
        bool add_collate = false;
        Expr* member = sortable_member(scope_, pathkey, &add_collate);
        appendStringInfoString(sql_, word);
        expression(reinterpret_cast<Node*>(member));
        appendStringInfo(sql_, "%s %s NULLS %s", add_collate ? " COLLATE pg_catalog.\"C\"" : "",
                         pathkey->pk_strategy == BTLessStrategyNumber ? "ASC" : "DESC",
                         pathkey->pk_nulls_first ? "FIRST" : "LAST");
        word = ", ";
    }
}

void Deparser::limit(const Query* query) {
    if (query->limitCount != nullptr) {
        appendStringInfoString(sql_, " LIMIT ");
        expression(query->limitCount);
    }
    if (query->limitOffset != nullptr) {
        appendStringInfoString(sql_, " OFFSET ");
        expression(query->limitOffset);
    }
}

void Deparser::aggregate(const Aggref* aggregate) {
    appendStringInfo(sql_, "%s(", quote_identifier(get_func_name(aggregate->aggfnoid)));
    if (aggregate->aggstar) {
        appendStringInfoChar(sql_, '*');
    } else {
        auto* argument = reinterpret_cast<Node*>(linitial_node(TargetEntry, aggregate->args)->expr);
        bool add_collate = false;
        expression(argument);
        if (is_same_order(scope_, reinterpret_cast<Expr*>(argument), aggregate->inputcollid, &add_collate) &&
            add_collate) {
            appendStringInfoString(sql_, " COLLATE pg_catalog.\"C\"");
        }
    }
    appendStringInfoChar(sql_, ')');
}

void Deparser::list(List* items, const char* separator) {
    ListCell* cell;
    bool first = true;
    foreach (cell, items) {
        if (!first) {
            appendStringInfoString(sql_, separator);
        }
        expression(static_cast<Node*>(lfirst(cell)));
        first = false;
    }
}

void Deparser::column(const Var* var) {
    if (bms_is_member(var->varno, scope_.rel->relids) && var->varlevelsup == 0) {
        appendStringInfoString(sql_, quote_identifier(scope_.info->column_names[var->varattno - 1]));
    } else {
        parameter(reinterpret_cast<Node*>(const_cast<Var*>(var)), var->vartype, var->vartypmod);
    }
}

void Deparser::parameter(Node* node, Oid type, int32 typmod) {
    int number = 0;
    ListCell* cell;
    foreach (cell, params_) {
        if (equal(lfirst(cell), node)) {
            number = foreach_current_index(cell) + 1;
            break;
        }
    }
    if (number == 0) {
        params_ = lappend(params_, node);
        number = list_length(params_);
    }
    appendStringInfo(sql_, "$%d::%s", number, typed(type, typmod));
}

void Deparser::constant(const Const* value) {
    if (value->constisnull) {
        appendStringInfo(sql_, "NULL::%s", typed(value->consttype, value->consttypmod));
        return;
    }
    Oid output = InvalidOid;
    bool varlena = false;
    getTypeOutputInfo(value->consttype, &output, &varlena);
    const char* text = OidOutputFunctionCall(output, value->constvalue);
    if (value->consttype == BOOLOID) {
        appendStringInfoString(sql_, DatumGetBool(value->constvalue) ? "true" : "false");
    } else if (value->consttype == INT4OID && text[0] != '-') {
        appendStringInfoString(sql_, text);
    } else if (value->consttype == INT8OID && text[0] != '-') {
        appendStringInfo(sql_, "%s::bigint", text);
    } else {
        appendStringInfo(sql_, "%s::%s", quote_literal_cstr(text), typed(value->consttype, value->consttypmod));
    }
}

void Deparser::binary(const char* op, Node* left, Node* right, bool collate) {
    appendStringInfoChar(sql_, '(');
    expression(left);
    if (collate) {
        appendStringInfoString(sql_, " COLLATE pg_catalog.\"C\"");
    }
    appendStringInfo(sql_, " %s ", op);
    expression(right);
    appendStringInfoChar(sql_, ')');
}

void Deparser::function(const FuncExpr* call) {
    if (call->funcformat == COERCE_EXPLICIT_CALL) {
        appendStringInfo(sql_, "%s(", quote_identifier(get_func_name(call->funcid)));
        list(call->args, ", ");
        appendStringInfoChar(sql_, ')');
        return;
    }
    int32 typmod = -1;
    (void)exprIsLengthCoercion(reinterpret_cast<Node*>(const_cast<FuncExpr*>(call)), &typmod);
    appendStringInfoChar(sql_, '(');
    expression(static_cast<Node*>(linitial(call->args)));
    appendStringInfo(sql_, ")::%s", typed(call->funcresulttype, typmod));
}

void Deparser::array_comparison(const ScalarArrayOpExpr* any) {
    appendStringInfoChar(sql_, '(');
    expression(static_cast<Node*>(linitial(any->args)));
    appendStringInfo(sql_, " %s %s (", get_opname(any->opno), any->useOr ? "ANY" : "ALL");
    expression(static_cast<Node*>(lsecond(any->args)));
    appendStringInfoString(sql_, "))");
}

void Deparser::boolean(const BoolExpr* expr) {
    if (expr->boolop == NOT_EXPR) {
        appendStringInfoString(sql_, "(NOT ");
        expression(static_cast<Node*>(linitial(expr->args)));
        appendStringInfoChar(sql_, ')');
        return;
    }
    appendStringInfoChar(sql_, '(');
    list(expr->args, expr->boolop == AND_EXPR ? " AND " : " OR ");
    appendStringInfoChar(sql_, ')');
}

const char* boolean_test(BoolTestType test) {
    switch (test) {
        case IS_TRUE: return "IS TRUE";
        case IS_NOT_TRUE: return "IS NOT TRUE";
        case IS_FALSE: return "IS FALSE";
        case IS_NOT_FALSE: return "IS NOT FALSE";
        case IS_UNKNOWN: return "IS UNKNOWN";
        default: return "IS NOT UNKNOWN";
    }
}

// Knows exactly the nodes that shippable.cpp lets through.
void Deparser::expression(Node* node) {
    switch (nodeTag(node)) {
        case T_Var: column(reinterpret_cast<Var*>(node)); break;
        case T_Const: constant(reinterpret_cast<Const*>(node)); break;
        case T_Param: {
            auto* param = reinterpret_cast<Param*>(node);
            parameter(node, param->paramtype, param->paramtypmod);
            break;
        }
        case T_OpExpr: {
            auto* op = reinterpret_cast<OpExpr*>(node);
            binary(get_opname(op->opno), static_cast<Node*>(linitial(op->args)), static_cast<Node*>(lsecond(op->args)),
                   operator_needs_collate(scope_, op));
            break;
        }
        case T_DistinctExpr: {
            auto* distinct = reinterpret_cast<DistinctExpr*>(node);
            binary("IS DISTINCT FROM", static_cast<Node*>(linitial(distinct->args)),
                   static_cast<Node*>(lsecond(distinct->args)), false);
            break;
        }
        case T_FuncExpr: function(reinterpret_cast<FuncExpr*>(node)); break;
        case T_ScalarArrayOpExpr: array_comparison(reinterpret_cast<ScalarArrayOpExpr*>(node)); break;
        case T_BoolExpr: boolean(reinterpret_cast<BoolExpr*>(node)); break;
        case T_NullTest: {
            auto* test = reinterpret_cast<NullTest*>(node);
            appendStringInfoChar(sql_, '(');
            expression(reinterpret_cast<Node*>(test->arg));
            appendStringInfoString(sql_, test->nulltesttype == IS_NULL ? " IS NULL)" : " IS NOT NULL)");
            break;
        }
        case T_BooleanTest: {
            auto* test = reinterpret_cast<BooleanTest*>(node);
            appendStringInfoChar(sql_, '(');
            expression(reinterpret_cast<Node*>(test->arg));
            appendStringInfo(sql_, " %s)", boolean_test(test->booltesttype));
            break;
        }
        case T_RelabelType: {
            auto* relabel = reinterpret_cast<RelabelType*>(node);
            if (relabel->relabelformat == COERCE_IMPLICIT_CAST) {
                expression(reinterpret_cast<Node*>(relabel->arg));
            } else {
                appendStringInfoChar(sql_, '(');
                expression(reinterpret_cast<Node*>(relabel->arg));
                appendStringInfo(sql_, ")::%s", typed(relabel->resulttype, relabel->resulttypmod));
            }
            break;
        }
        case T_CollateExpr:
            appendStringInfoChar(sql_, '(');
            expression(reinterpret_cast<Node*>(reinterpret_cast<CollateExpr*>(node)->arg));
            appendStringInfoString(sql_, " COLLATE pg_catalog.\"C\")");
            break;
        case T_CoalesceExpr:
            appendStringInfoString(sql_, "COALESCE(");
            list(reinterpret_cast<CoalesceExpr*>(node)->args, ", ");
            appendStringInfoChar(sql_, ')');
            break;
        case T_ArrayExpr: {
            auto* array = reinterpret_cast<ArrayExpr*>(node);
            appendStringInfoString(sql_, "ARRAY[");
            list(array->elements, ", ");
            appendStringInfo(sql_, "]::%s", typed(array->array_typeid, -1));
            break;
        }
        default:
            elog(ERROR, "expression of node type %d cannot be sent to the source", static_cast<int>(nodeTag(node)));
    }
}

ExprScope scope_of(RelOptInfo* rel) {
    // Whatever is not ours is a parameter: the planner has checked already.
    return {rel, rel_info(rel), nullptr};
}

}  // namespace

const char* qualified_remote_name(const RelInfo* info) {
    return psprintf("%s.%s", quote_identifier(info->schema_name), quote_identifier(info->table_name));
}

Expr* sortable_member(const ExprScope& scope, const PathKey* pathkey, bool* add_collate) {
    const EquivalenceClass* ec = pathkey->pk_eclass;
    ListCell* cell;
    if (ec->ec_has_volatile) {
        return nullptr;
    }
    foreach (cell, ec->ec_members) {
        auto* member = static_cast<EquivalenceMember*>(lfirst(cell));
        if (member->em_is_child || bms_is_empty(member->em_relids) ||
            !bms_is_subset(member->em_relids, scope.rel->relids)) {
            continue;
        }
        // Only the type's own order: other operator classes sort by rules that ORDER BY cannot name.
        const TypeCacheEntry* type =
            lookup_type_cache(exprType(reinterpret_cast<Node*>(member->em_expr)), TYPECACHE_BTREE_OPFAMILY);
        if (type->btree_opf == pathkey->pk_opfamily &&
            is_same_order(scope, member->em_expr, ec->ec_collation, add_collate)) {
            return member->em_expr;
        }
    }
    return nullptr;
}

Deparsed deparse_select(PlannerInfo* root, RelOptInfo* rel, const SelectParts& parts) {
    const ExprScope scope = scope_of(rel);
    if (scope.info->remote->dialect != nullptr) {
        return foreign_select(root, scope, parts);
    }
    Deparser deparser(scope);
    Deparsed out{deparser.sql(), NIL, NIL, NIL};
    Relation relation = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
    appendStringInfoString(out.sql, "SELECT ");
    deparser.columns(relation, scope.info->attrs_used, &out.retrieved);
    table_close(relation, NoLock);
    deparser.from();
    deparser.where(parts.conditions);
    deparser.order_by(parts.pathkeys);
    if (parts.limit) {
        deparser.limit(root->parse);
    }
    out.params = deparser.params();
    return out;
}

Deparsed deparse_aggregate(PlannerInfo* /*root*/, RelOptInfo* grouped, const SelectParts& parts) {
    const RelInfo* info = rel_info(grouped);
    const ExprScope scope = scope_of(info->base);
    if (info->remote->dialect != nullptr) {
        return foreign_count(scope, parts.conditions);
    }
    Deparser deparser(scope);
    Deparsed out{deparser.sql(), NIL, NIL, NIL};
    ListCell* cell;
    const char* word = "SELECT ";
    foreach (cell, info->grouped_tlist) {
        appendStringInfoString(out.sql, word);
        deparser.aggregate(castNode(Aggref, lfirst_node(TargetEntry, cell)->expr));
        out.retrieved = lappend_int(out.retrieved, foreach_current_index(cell) + 1);
        word = ", ";
    }
    deparser.from();
    deparser.where(parts.conditions);
    out.params = deparser.params();
    return out;
}

Deparsed deparse_sample(Relation relation, const RelInfo* info, double percent) {
    const ExprScope scope{nullptr, info, nullptr};
    if (info->remote->dialect != nullptr) {
        return foreign_sample(scope, relation, percent);
    }
    Deparser deparser(scope);
    Deparsed out{deparser.sql(), NIL, NIL, NIL};
    appendStringInfoString(out.sql, "SELECT ");
    deparser.columns(relation, bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber), &out.retrieved);
    deparser.from();
    if (percent < 100) {
        appendStringInfo(out.sql, " TABLESAMPLE SYSTEM (%.6f)", percent);
    }
    return out;
}

}  // namespace lakemover::fdw
