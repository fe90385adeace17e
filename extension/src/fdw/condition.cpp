// See condition.hpp. Built-in operators over columns and constants of one family of types, whose values mean the same
// on both sides; the dialect says what the source makes of them.
#include "fdw/condition.hpp"

#include <algorithm>
#include <array>

#include "fdw/text_settings.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace lakemover::fdw {

using source::ForeignColumn;
using source::ForeignCondition;
using Kind = ForeignCondition::Kind;

namespace {

ForeignCondition no_words() {
    ForeignCondition nothing;
    nothing.kind = Kind::kOr;
    return nothing;
}

// Types that are compared with each other, value by value; InvalidOid for one that is not known.
Oid family_of(Oid type) {
    switch (type) {
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case NUMERICOID: return NUMERICOID;
        case FLOAT4OID:
        case FLOAT8OID: return FLOAT8OID;
        case TEXTOID:
        case VARCHAROID: return TEXTOID;
        case BOOLOID:
        case UUIDOID:
        case BPCHAROID:
        case DATEOID:
        case TIMEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID: return type;
        default: return InvalidOid;
    }
}

bool is_text(Oid family) { return family == TEXTOID || family == BPCHAROID; }

std::string codec_of(Oid type) {
    return pg::pg_call([=] {
        const Oid base = getBaseType(type);
        return base < FirstGenbkiObjectId ? type_name(base) : "text";
    });
}

class Reader {
public:
    explicit Reader(const ExprScope& scope) : scope_(scope) {}
    ForeignCondition read(Node* node) const;

private:
    const Var* column_of(Node* node) const;
    std::optional<ForeignColumn> column(const Var* var) const;
    ForeignCondition comparison(const OpExpr* op) const;
    ForeignCondition array_comparison(const ScalarArrayOpExpr* any) const;
    ForeignCondition truth(Node* node, const char* value) const;
    ForeignCondition null_test(Node* node, Kind kind) const;
    ForeignCondition boolean_test(const BooleanTest* test) const;
    ForeignCondition junction(Kind kind, List* parts) const;

    const ExprScope& scope_;
};

int integer_size(Oid type) { return type == INT2OID ? 2 : type == INT4OID ? 4 : type == INT8OID ? 8 : 0; }

// Casts that keep every value: between names of one representation, and from an integer to a wider number.
Node* without_casts(Node* node) {
    for (;;) {
        if (IsA(node, RelabelType)) {
            node = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg);
            continue;
        }
        auto* call = reinterpret_cast<FuncExpr*>(node);
        if (!IsA(node, FuncExpr) || call->funcformat == COERCE_EXPLICIT_CALL || list_length(call->args) != 1) {
            return node;
        }
        auto* inner = static_cast<Node*>(linitial(call->args));
        const int from = integer_size(pg::pg_call([=] { return exprType(inner); }));
        const bool wider = call->funcresulttype == NUMERICOID || integer_size(call->funcresulttype) >= from;
        if (from == 0 || !wider || call->funcid >= FirstGenbkiObjectId) {
            return node;
        }
        node = inner;
    }
}

const Var* Reader::column_of(Node* node) const {
    Node* inner = without_casts(node);
    auto* var = reinterpret_cast<Var*>(inner);
    const bool ours = IsA(inner, Var) && var->varlevelsup == 0 && var->varattno > 0 &&
                      bms_is_member(static_cast<int>(var->varno), scope_.rel->relids);
    return ours ? var : nullptr;
}

std::optional<ForeignColumn> Reader::column(const Var* var) const {
    if (var == nullptr || !scope_.info->remote->columns[var->varattno - 1].present) {
        return std::nullopt;
    }
    return foreign_column(scope_.info, var->varattno, var->vartype, var->vartypmod);
}

std::string text_of(Oid type, Datum value) {
    return pg::pg_call([=] {
        Oid output = InvalidOid;
        bool varlena = false;
        getTypeOutputInfo(type, &output, &varlena);
        return OidOutputFunctionCall(output, value);
    });
}

const char* operator_name(Oid op) {
    if (op >= FirstGenbkiObjectId) {
        return nullptr;
    }
    return pg::pg_call([=] { return const_cast<const char*>(get_opname(op)); });
}

// Equality of bytes: under a collation that says more equal the source could miss a row.
bool is_bytewise(Oid collation) {
    return OidIsValid(collation) && pg::pg_call([=] { return get_collation_isdeterministic(collation); });
}

const char* mirrored(std::string_view op) {
    return op == "<" ? ">" : op == "<=" ? ">=" : op == ">" ? "<" : op == ">=" ? "<=" : op == "=" ? "=" : "<>";
}

ForeignCondition Reader::comparison(const OpExpr* op) const {
    static constexpr std::array<std::string_view, 6> kOperators = {"=", "<>", "<", "<=", ">", ">="};
    const char* name = list_length(op->args) == 2 ? operator_name(op->opno) : nullptr;
    if (name == nullptr || std::find(kOperators.begin(), kOperators.end(), name) == kOperators.end()) {
        return no_words();
    }
    auto* left = static_cast<Node*>(linitial(op->args));
    auto* right = static_cast<Node*>(lsecond(op->args));
    if (IsA(left, Const)) {
        std::swap(left, right);
        name = mirrored(name);
    }
    auto* value = reinterpret_cast<Const*>(right);
    if (!IsA(right, Const) || value->constisnull) {
        return no_words();
    }
    const Oid family = family_of(pg::pg_call([=] { return exprType(left); }));
    const auto found = column(column_of(left));
    if (!found || !OidIsValid(family) || family != family_of(value->consttype) ||
        (is_text(family) && !is_bytewise(op->inputcollid))) {
        return no_words();
    }
    ForeignCondition condition;
    condition.kind = Kind::kCompare;
    condition.column = *found;
    condition.op = name;
    condition.values = {text_of(value->consttype, value->constvalue)};
    return condition;
}

// = ANY and <> ALL over an array of constants: what IN and NOT IN become.
ForeignCondition Reader::array_comparison(const ScalarArrayOpExpr* any) const {
    const char* name = operator_name(any->opno);
    auto* left = static_cast<Node*>(linitial(any->args));
    auto* right = reinterpret_cast<Const*>(lsecond(any->args));
    if (name == nullptr || std::strcmp(name, any->useOr ? "=" : "<>") != 0 || !IsA(right, Const) ||
        right->constisnull) {
        return no_words();
    }
    const Oid element = pg::pg_call([=] { return get_element_type(right->consttype); });
    const Oid family = family_of(pg::pg_call([=] { return exprType(left); }));
    const auto found = column(column_of(left));
    if (!found || !OidIsValid(family) || !OidIsValid(element) || family != family_of(element) ||
        (is_text(family) && !is_bytewise(any->inputcollid))) {
        return no_words();
    }
    struct Elements {
        Datum* values;
        bool* nulls;
        int count;
    };
    const Elements elements = pg::pg_call([=] {
        Elements e{};
        int16 length = 0;
        bool by_value = false;
        char align = 0;
        get_typlenbyvalalign(element, &length, &by_value, &align);
        deconstruct_array(DatumGetArrayTypeP(right->constvalue), element, length, by_value, align, &e.values, &e.nulls,
                          &e.count);
        return e;
    });
    ForeignCondition condition;
    condition.kind = any->useOr ? Kind::kAny : Kind::kNone;
    condition.column = *found;
    for (int i = 0; i < elements.count; ++i) {
        if (!elements.nulls[i]) {
            condition.values.push_back(text_of(element, elements.values[i]));
        } else if (!any->useOr) {
            return no_words();  // true for no row
        }
    }
    return condition;
}

ForeignCondition Reader::truth(Node* node, const char* value) const {
    const Var* var = column_of(node);
    const auto found = var != nullptr && var->vartype == BOOLOID ? column(var) : std::nullopt;
    if (!found) {
        return no_words();
    }
    ForeignCondition condition;
    condition.kind = Kind::kCompare;
    condition.column = *found;
    condition.op = "=";
    condition.values = {value};
    return condition;
}

ForeignCondition Reader::null_test(Node* node, Kind kind) const {
    const auto found = column(column_of(node));
    if (!found) {
        return no_words();
    }
    ForeignCondition condition;
    condition.kind = kind;
    condition.column = *found;
    return condition;
}

ForeignCondition Reader::boolean_test(const BooleanTest* test) const {
    auto* arg = reinterpret_cast<Node*>(test->arg);
    const auto or_null = [&](const char* value) {
        ForeignCondition condition = no_words();
        condition.parts = {truth(arg, value), null_test(arg, Kind::kIsNull)};
        return condition;
    };
    switch (test->booltesttype) {
        case IS_TRUE: return truth(arg, "t");
        case IS_FALSE: return truth(arg, "f");
        case IS_NOT_TRUE: return or_null("f");
        case IS_NOT_FALSE: return or_null("t");
        case IS_UNKNOWN: return null_test(arg, Kind::kIsNull);
        default: return null_test(arg, Kind::kIsNotNull);
    }
}

ForeignCondition Reader::junction(Kind kind, List* parts) const {
    ForeignCondition condition;
    condition.kind = kind;
    ListCell* cell;
    foreach (cell, parts) {
        condition.parts.push_back(read(static_cast<Node*>(lfirst(cell))));
    }
    return condition;
}

// The planner has turned NOT into the negated operators wherever there are such; what is left is a column's.
ForeignCondition Reader::read(Node* node) const {
    switch (nodeTag(node)) {
        case T_Var: return truth(node, "t");
        case T_OpExpr: return comparison(reinterpret_cast<OpExpr*>(node));
        case T_ScalarArrayOpExpr: return array_comparison(reinterpret_cast<ScalarArrayOpExpr*>(node));
        case T_NullTest: {
            auto* test = reinterpret_cast<NullTest*>(node);
            const Kind kind = test->nulltesttype == IS_NULL ? Kind::kIsNull : Kind::kIsNotNull;
            return test->argisrow ? no_words() : null_test(reinterpret_cast<Node*>(test->arg), kind);
        }
        case T_BooleanTest: return boolean_test(reinterpret_cast<BooleanTest*>(node));
        case T_BoolExpr: {
            auto* expr = reinterpret_cast<BoolExpr*>(node);
            return expr->boolop == NOT_EXPR ? truth(static_cast<Node*>(linitial(expr->args)), "f")
                                            : junction(expr->boolop == AND_EXPR ? Kind::kAnd : Kind::kOr, expr->args);
        }
        default: return no_words();
    }
}

}  // namespace

ForeignColumn foreign_column(const RelInfo* info, int attribute, Oid type, int32 typmod) {
    const RemoteColumn& remote = info->remote->columns[attribute - 1];
    ForeignColumn column;
    column.name = info->column_names[attribute - 1];
    column.type = remote.native_type;
    column.collation = remote.collation;
    column.codec = codec_of(type);
    struct Base {
        Oid type;
        int32 typmod;
    };
    const Base base = pg::pg_call([=] {
        Base b{InvalidOid, typmod};
        b.type = getBaseTypeAndTypmod(type, &b.typmod);
        return b;
    });
    if (base.type == NUMERICOID && base.typmod >= static_cast<int32>(VARHDRSZ)) {
        // As numeric.c has it: eleven bits with a sign.
        column.codec_digits = (((base.typmod - static_cast<int32>(VARHDRSZ)) & 0x7ff) ^ 1024) - 1024;
    }
    return column;
}

source::ForeignCondition read_condition(const ExprScope& scope, Node* clause) { return Reader(scope).read(clause); }

Check source_check(const ExprScope& scope, Expr* clause) {
    const source::ForeignDialect* dialect = scope.info->remote->dialect;
    if (dialect == nullptr) {
        return is_shippable(scope, clause) ? Check::kExactly : Check::kNot;
    }
    const int nest_level = begin_text_settings();
    const Check check = pg::entry([&] {
        const auto checked = dialect->check(read_condition(scope, reinterpret_cast<Node*>(clause)));
        return !checked ? Check::kNot : *checked == source::Checked::kLoosely ? Check::kLoosely : Check::kExactly;
    });
    end_text_settings(nest_level);
    return check;
}

}  // namespace lakemover::fdw
