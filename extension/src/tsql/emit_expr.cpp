// Expressions: operators and casts by the types of their operands. Zone: pure; throws Unconvertible.
#include <utility>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

const Type kBoolean{Family::kBit, "boolean"};
const Type kInteger{Family::kInt, "integer"};
const Type kText{Family::kString, "text"};

const Expr& inner(const Expr& e) { return e.kind == Ex::kParen ? inner(*e.args[0]) : e; }
bool is_time(Family f) {
    return f == Family::kDate || f == Family::kTime || f == Family::kDatetime || f == Family::kOffset;
}
bool is_numeric_text(const Expr& e) {
    const Expr& i = inner(e);
    return i.kind == Ex::kString && i.text.find_first_not_of("0123456789.+- ") == std::string::npos;
}
std::string bracketed(const Expr& e, const std::string& sql) {
    const Ex k = e.kind;
    const bool simple = k == Ex::kNumber || k == Ex::kString || k == Ex::kVariable || k == Ex::kColumn ||
                        k == Ex::kParen || k == Ex::kGlobal || k == Ex::kCall || k == Ex::kSubquery || k == Ex::kNull ||
                        k == Ex::kCase;
    return simple ? sql : "(" + sql + ")";
}
}  // namespace

std::string bit_as(const Out& value, const Type& type) {
    return is_number(type.family) && value.type.family == Family::kBit ? "(" + value.sql + ")::integer" : value.sql;
}

std::string Emitter::list(const std::vector<ExprPtr>& args, std::size_t from) {
    std::string out;
    for (std::size_t i = from; i < args.size(); ++i) out += (i > from ? ", " : "") + text(*args[i]);
    return out;
}

// SQL Server sorts NULL below every value; PostgreSQL above.
std::string Emitter::order_by(const std::vector<OrderItem>& items, const Columns& result) {
    std::string out;
    for (const OrderItem& item : items) {
        string_sorted(*item.expr, result);
        out += (out.empty() ? "" : ", ") + text(*item.expr) + (item.descending ? " DESC NULLS LAST" : " NULLS FIRST");
    }
    return out;
}

std::string Emitter::lone_expression(const Expr& e, std::map<std::string, Out> columns) {
    lone_columns_ = &columns;
    std::string sql = text(e);
    lone_columns_ = nullptr;
    return sql;
}

Out Emitter::expr(const Expr& e) {
    // Some functions name an argument twice; nested in each other they would grow without end.
    constexpr std::size_t kMostWork = 200000;
    constexpr std::size_t kLongest = 200000;
    if (++work_ > kMostWork) refuse(e.at, "expression", "it is too large", "split it");
    Out out = expr_of(e);
    if (out.sql.size() > kLongest) refuse(e.at, "expression", "it is too large", "split it");
    return out;
}

Out Emitter::expr_of(const Expr& e) {
    switch (e.kind) {
        case Ex::kNull: return {"NULL", {}};
        case Ex::kDefault: return {"DEFAULT", {}};
        case Ex::kNumber: {
            const bool is_float = e.text.find_first_of("eE") != std::string::npos;
            const bool decimal = e.text.find('.') != std::string::npos;
            std::string number = e.text;
            if (number.back() == 'e' || number.back() == 'E') number += "0";
            if (is_float) return {number + "::double precision", {Family::kFloat, "double precision"}};
            const bool wide = e.text.size() > 9;  // T-SQL takes what is no integer for a decimal, never for a bigint
            return {number, decimal || wide ? Type{Family::kDecimal, "numeric"} : kInteger};
        }
        case Ex::kMoney: {
            std::string number;
            for (const char c : e.text) {
                if (c != '$' && c != ',') number += c;
            }
            return {(number.empty() ? "0" : number) + "::numeric(19,4)", {Family::kMoney, "numeric(19,4)"}};
        }
        case Ex::kString: return {literal(e.text), kText};
        case Ex::kBinary: {
            const std::string digits = (e.text.size() % 2 != 0 ? "0" : "") + e.text.substr(2);
            return {"'\\x" + digits + "'::bytea", {Family::kBinary, "bytea"}};
        }
        case Ex::kVariable: {
            const Var& v = variable(e.text, e.at);
            return {v.pg, v.type};
        }
        case Ex::kGlobal: return global(e);
        case Ex::kColumn: {
            if (row_columns_ != nullptr) {
                if (const auto row = row_columns_->find(&e); row != row_columns_->end()) return row->second;
            }
            if (lone_columns_ != nullptr) {
                auto found = lone_columns_->find(e.name[0]);
                if (found == lone_columns_->end()) found = lone_columns_->find(lower_ascii(e.name[0]));
                if (found != lone_columns_->end()) return found->second;
            }
            const std::string word = e.name.size() == 1 ? upper_ascii(e.name[0]) : "";
            if (word == "CURRENT_TIMESTAMP")
                return {clock("clock_timestamp()::timestamp(3)"), {Family::kDatetime, "timestamp(3)"}};
            if (word == "CURRENT_USER" || word == "SESSION_USER") return {lower_ascii(word) + "::text", kText};
            if (word == "SYSTEM_USER") return {"session_user::text", kText};
            if (word.rfind('$', 0) == 0) refuse(e.at, e.name[0], "it has no counterpart", "name the column");
            if (lone_columns_ != nullptr) refuse(e.at, e.name[0], "it is no column of the table", "look at it");
            std::string sql;
            for (std::size_t i = e.name.size() > 2 ? e.name.size() - 2 : 0; i < e.name.size(); ++i) {
                const bool temp = e.name[i].rfind('#', 0) == 0;
                sql += (sql.empty() ? "" : ".") + (temp ? table_name({e.name[i]}, e.at) : ident(e.name[i]));
            }
            Type type = column_type(e.name);
            if (type.family == Family::kOther && type.pg == "bytea" && !typing_)
                doubt(e.at, "rowversion " + e.name.back(), "T-SQL gives it a new value with every change of its row",
                      "give the target a trigger that does, or compare another column");
            return {sql, type};
        }
        case Ex::kStar: return {(e.name.empty() ? "" : ident(e.name.back()) + ".") + "*", {}};
        case Ex::kParen: {
            Out o = expr(*e.args[0]);
            return {"(" + o.sql + ")", o.type};
        }
        case Ex::kUnary: {
            Out o = expr(*e.args[0]);
            if (e.text == "NOT") return {"NOT " + bracketed(*e.args[0], o.sql), kBoolean};
            if (e.text == "+") return o;
            return {e.text + bracketed(*e.args[0], o.sql), o.type};
        }
        case Ex::kBinaryOp: return binary(e);
        case Ex::kCase: return case_of(e);
        case Ex::kCast: return cast(e);
        case Ex::kCall: return call(e);
        case Ex::kSubquery: {
            if (typing_) {
                const Columns c = query_columns(*e.query);
                return {"(SELECT NULL)", c != nullptr && c->size() == 1 ? (*c)[0].type : Type{}};
            }
            std::vector<Type> types;
            std::string sql = "(" + query(*e.query, {}, &types) + ")";
            return {std::move(sql), types.size() == 1 ? types[0] : Type{}};
        }
        case Ex::kExists:
            if (typing_) return {"true", kBoolean};
            return {"EXISTS (" + query(*e.query) + ")", kBoolean};
        case Ex::kIn: {
            const Out left = expr(*e.args[0]);
            std::string right;
            if (typing_) return {"true", kBoolean};
            if (e.query) {
                const Columns c = query_columns(*e.query);
                strings_compared(e.at, left.type, c != nullptr && c->size() == 1 ? (*c)[0].type : Type{});
                right = query(*e.query);
            } else {
                for (std::size_t i = 1; i < e.args.size(); ++i) {
                    const Out one = expr(*e.args[i]);
                    strings_compared(e.at, left.type, one.type);
                    date_as_text(*e.args[i], one.type, left.type);
                    // a list is compared, not assigned: only a bit needs its own words
                    right +=
                        (i > 1 ? ", " : "") +
                        to_type(one, left.type.family == Family::kBit ? left.type : Type{}, e.args[i]->at, false).sql;
                }
            }
            return {bracketed(*e.args[0], left.sql) + (e.negated ? " NOT IN (" : " IN (") + right + ")", kBoolean};
        }
        case Ex::kBetween: {
            const Out value = expr(*e.args[0]);
            for (std::size_t i = 1; i < 3; ++i) {
                const Out bound = expr(*e.args[i]);
                strings_compared(e.at, value.type, bound.type);
                date_as_text(*e.args[i], bound.type, value.type);
            }
            const std::string low = bracketed(*e.args[1], text(*e.args[1]));
            const std::string high = bracketed(*e.args[2], text(*e.args[2]));
            return {
                bracketed(*e.args[0], value.sql) + (e.negated ? " NOT BETWEEN " : " BETWEEN ") + low + " AND " + high,
                kBoolean};
        }
        case Ex::kLike: return like(e);
        case Ex::kIsNull:
            return {bracketed(*e.args[0], text(*e.args[0])) + (e.negated ? " IS NOT NULL" : " IS NULL"), kBoolean};
        case Ex::kQuantified: return {e.text + " (" + query(*e.query) + ")", {}};
        case Ex::kCollate: {
            // Where strings compare exactly, a collation that tells case apart says nothing new.
            const std::string collation = upper_ascii(e.text);
            const bool exact = options_.exact_strings && (collation.find("_CS") != std::string::npos ||
                                                          collation.find("_BIN") != std::string::npos);
            if (collation == "DATABASE_DEFAULT" || exact) return expr(*e.args[0]);
        }
            refuse(e.at, "COLLATE " + e.text, "the collation is not mapped", "choose a collation of PostgreSQL");
        case Ex::kAtTimeZone:
            refuse(e.at, "AT TIME ZONE", "Windows zone names and the result's type differ",
                   "use a zone of pg_timezone_names");
        case Ex::kMethod:
            refuse(e.at, "method " + e.text + "()", "XML and CLR methods have no counterpart", "use xpath() or jsonb");
    }
    refuse(e.at, "expression", "its kind is not known", "rewrite it");
}

Out Emitter::binary(const Expr& e) {
    const Expr& l = *e.args[0];
    const Expr& r = *e.args[1];
    const Out a = expr(l);
    const Out b = expr(r);
    const std::string& op = e.text;
    if (op == "AND" || op == "OR") return {a.sql + " " + op + " " + b.sql, kBoolean};
    if (op == "+") return plus(e, a, b);
    if (op == "&" || op == "|" || op == "^") {  // one precedence in T-SQL, others in PostgreSQL
        const std::string sign = op == "^" ? "#" : op;
        return {"(" + bracketed(l, a.sql) + " " + sign + " " + bracketed(r, b.sql) + ")", wider_type(a.type, b.type)};
    }
    if (op == "-" || op == "*" || op == "/" || op == "%") {
        if (op == "-" && (is_time(a.type.family) || is_time(b.type.family))) {
            if (a.type.family == Family::kDatetime && b.type.family == Family::kInt) {
                return {bracketed(l, a.sql) + " - make_interval(days => " + b.sql + ")", a.type};
            }
            if (a.type.family != Family::kDate || b.type.family != Family::kInt) {
                refuse(e.at, "difference of dates", "it is a datetime in T-SQL and an interval in PostgreSQL",
                       "use DATEDIFF");
            }
        }
        const bool both = a.type.known() && b.type.known();
        if (op == "/") scale_differs(e.at, "division", both ? wider_type(a.type, b.type) : Type{});
        if (op == "*" && (a.type.family == Family::kMoney || b.type.family == Family::kMoney))
            scale_differs(e.at, "product of money", a.type);
        return {a.sql + " " + op + " " + b.sql, wider_type(a.type, b.type)};
    }
    return comparison(e, a, b);
}

// + joins strings when a side is one. Between operands of unknown type it stays an addition, which
// PostgreSQL refuses for strings: loud, but to be looked at.
Out Emitter::plus(const Expr& e, const Out& a, const Out& b) {
    const Expr& l = *e.args[0];
    const Expr& r = *e.args[1];
    const bool left = a.type.family == Family::kString;
    const bool right = b.type.family == Family::kString;
    if ((left && is_number(b.type.family)) || (right && is_number(a.type.family))) {
        refuse(e.at, "+ of a string and a number", "T-SQL converts the string and adds", "cast one side");
    }
    if (left || right) {
        padded(e.at, a.type);
        padded(e.at, b.type);
        const bool certain = (left && right) || (left && inner(l).kind == Ex::kString && !is_numeric_text(l)) ||
                             (right && inner(r).kind == Ex::kString && !is_numeric_text(r));
        if (!certain)
            review(e.at, "+", "the type of one side is not known",
                   "|| is right unless that side is a number or a date");
        return {a.sql + " || " + b.sql, kText};
    }
    if (a.type.family == Family::kDatetime && b.type.family == Family::kInt) {
        return {a.sql + " + make_interval(days => " + b.sql + ")", a.type};
    }
    if (!a.type.known() && !b.type.known() && inner(l).kind != Ex::kNull && inner(r).kind != Ex::kNull) {
        review(e.at, "+", "the types of both sides are not known", "write || if they are strings");
    }
    return {a.sql + " + " + b.sql, wider_type(a.type, b.type)};
}

Out Emitter::comparison(const Expr& e, Out a, Out b) {
    std::string op = e.text;
    if (op == "!=") op = "<>";
    if (op == "!<") op = ">=";
    if (op == "!>") op = "<=";
    const bool null_literal = inner(*e.args[0]).kind == Ex::kNull || inner(*e.args[1]).kind == Ex::kNull;
    if (!null_literal) strings_compared(e.at, a.type, b.type);
    date_as_text(*e.args[1], b.type, a.type);
    date_as_text(*e.args[0], a.type, b.type);
    if (null_literal) review(e.at, op + " NULL", "never true with ANSI_NULLS ON", "IS NULL was probably meant");
    if (a.type.family == Family::kBit) b = to_type(b, a.type, e.args[1]->at, false);
    if (b.type.family == Family::kBit) a = to_type(a, b.type, e.args[0]->at, false);
    const auto pair = [&](Family x, Family y) { return a.type.family == x && b.type.family == y; };
    const Type big{Family::kInt, "bigint"};
    if (pair(Family::kString, Family::kInt) && inner(*e.args[0]).kind != Ex::kString)
        a = to_type(a, b.type.pg == "bigint" ? big : kInteger, e.args[0]->at, true);
    if (pair(Family::kInt, Family::kString) && inner(*e.args[1]).kind != Ex::kString)
        b = to_type(b, a.type.pg == "bigint" ? big : kInteger, e.args[1]->at, true);
    const auto side = [](const Expr& x, const std::string& sql) {
        return x.kind == Ex::kBinaryOp && x.text.size() <= 2 && x.text != "OR" ? sql : bracketed(x, sql);
    };
    return {side(*e.args[0], a.sql) + " " + op + " " + side(*e.args[1], b.sql), kBoolean};
}

Out Emitter::case_of(const Expr& e) {
    Type type;
    bool first = true;
    Out operand;
    std::vector<std::string> tests;
    std::vector<Out> values;
    const auto value = [&](const Expr& v) {
        values.push_back(expr(v));
        const Out& o = values.back();
        if (o.sql != "NULL") type = std::exchange(first, false) ? o.type : common_type(type, o.type);
    };
    if (e.args[0]) operand = expr(*e.args[0]);
    for (std::size_t i = 1; i + 1 < e.args.size(); i += 2) {
        Out when = expr(*e.args[i]);
        if (e.args[0]) strings_compared(e.at, operand.type, when.type);
        if (e.args[0])
            when = to_type(when, operand.type.family == Family::kBit ? operand.type : Type{}, e.args[i]->at, false);
        tests.push_back(when.sql);
        value(*e.args[i + 1]);
    }
    if (e.args.back()) value(*e.args.back());
    std::string sql = "CASE" + (e.args[0] ? " " + operand.sql : "");
    for (std::size_t i = 0; i < values.size(); ++i) {
        sql += (i < tests.size() ? " WHEN " + tests[i] + " THEN " : std::string(" ELSE ")) + bit_as(values[i], type);
    }
    if (type.family == Family::kString) type = kText;
    return {sql + " END", type};
}

Out Emitter::like(const Expr& e) {
    const Expr& pattern = inner(*e.args[1]);
    Out left = expr(*e.args[0]);
    const Out right = expr(*e.args[1]);
    strings_compared(e.at, left.type, right.type);
    if (left.type.known() && left.type.family != Family::kString) left = to_type(left, kText, e.at, true);
    const std::string value = bracketed(*e.args[0], left.sql);
    const std::string negation = e.negated ? " NOT LIKE " : " LIKE ";
    if (e.args.size() > 2) {
        if (pattern.kind != Ex::kString || pattern.text.find('[') != std::string::npos)
            review(e.at, "LIKE with ESCAPE", "[ ] are character classes in T-SQL only",
                   "check that the pattern holds none that is not escaped");
        return {value + negation + bracketed(*e.args[1], right.sql) + " ESCAPE " + text(*e.args[2]), kBoolean};
    }
    if (pattern.kind == Ex::kString && pattern.text.find('[') != std::string::npos)
        return {value + (e.negated ? " !~ " : " ~ ") + regex_of(pattern.text, e.at, false), kBoolean};
    const bool backslash = pattern.kind != Ex::kString || pattern.text.find('\\') != std::string::npos;
    if (pattern.kind != Ex::kString && !library())
        review(e.at, "LIKE with a computed pattern", "[ ] are character classes in T-SQL only",
               "check that the pattern holds none");
    if (pattern.kind != Ex::kString && library())
        return {
            std::string(e.negated ? "NOT " : "") + "lakemover_tsql.like_pattern(" + left.sql + ", " + right.sql + ")",
            kBoolean};
    return {value + negation + bracketed(*e.args[1], right.sql) + (backslash ? " ESCAPE ''" : ""), kBoolean};
}

// A value that is assigned to, cast to or compared with a type, where T-SQL's conversion differs.
Out Emitter::to_type(const Out& value, const Type& type, const Position& at, bool explicit_cast) {
    const Family from = value.type.family;
    if (!type.known() || value.sql == "NULL" || value.sql == "DEFAULT") return value;
    if (type.family == Family::kBit) {
        if (from == Family::kBit) return value;
        if (value.sql == "0" || value.sql == "1") return {value.sql == "1" ? "true" : "false", type};
        if (is_number(from)) return {"(" + value.sql + ") <> 0", type};
        return {"(" + value.sql + ")::boolean", type};
    }
    if (type.family == Family::kBinary && from == Family::kString)
        refuse(at, "text as bytes", "its bytes depend on the encoding", "use convert_to()");
    if (type.pg == "timestamp(0)" && value.type.pg != type.pg)
        doubt(at, "smalldatetime", "T-SQL rounds it to the minute", "round it where it matters");
    if (type.family == Family::kString && type.pg != value.type.pg) padded(at, value.type);
    const bool name = value.sql.find_first_of(" (:") == std::string::npos;
    if (type.family == Family::kString && from == Family::kInt && type.length > 0 && type.length < 10 && name &&
        value.type.pg != "bigint" && !type.wide)
        return {"(CASE WHEN length(" + value.sql + "::text) > " + std::to_string(type.length) + " THEN '*' ELSE " +
                    value.sql + "::text END)::" + type.pg,
                type};
    if (type.family == Family::kString && from == Family::kInt && type.length > 0 && type.length < 10)
        doubt(at, "integer as a short string", "what is too long is * in T-SQL, and cut here",
              "give it more characters");
    if (from == Family::kBit && is_number(type.family)) return {bit_as(value, type), type};
    if (type.family == Family::kInt && (from == Family::kDecimal || from == Family::kFloat)) {
        return {"trunc(" + value.sql + ")::" + type.pg, type};  // T-SQL cuts, PostgreSQL rounds
    }
    if (type.family == Family::kString && value.type.known() && from != Family::kString) {
        const Out text = as_text(value, at);
        if (text.sql != value.sql) return to_type(text, type, at, explicit_cast);
    }
    if (type.family == Family::kInt && from == Family::kString && value.sql[0] != '\'' && library()) {
        // blanks are 0
        const std::string sql =
            std::string("lakemover_tsql.") + (type.pg == "bigint" ? "to_bigint(" : "to_integer(") + value.sql + ")";
        return {type.pg == "smallint" ? sql + "::smallint" : sql, type};
    }
    // T-SQL cuts what is too long without a word, as an explicit cast does here; an assignment would fail.
    if (type.family == Family::kString && type.length > 0 && (value.type.pg != type.pg)) {
        return {"(" + value.sql + ")::" + type.pg, type};
    }
    if (explicit_cast) return {"(" + value.sql + ")::" + type.pg, type};
    return value;
}

Out Emitter::cast(const Expr& e) {
    const Type type = type_of(e.type, true);
    if (type.pg.empty())
        refuse(e.at, "type " + e.type.name, "it has no counterpart in the type table", "choose a type");
    if (e.text == "PARSE" || e.text.rfind("TRY_", 0) == 0) return try_cast(e, type);
    const Out value = expr(*e.args[0]);
    if (e.args.size() > 1) return convert_style(e, type, value);
    date_as_text(*e.args[0], value.type, type);
    if (e.text == "CONVERT" || e.text == "CAST") {
        if (!value.type.known() && inner(*e.args[0]).kind != Ex::kNull &&
            (type.family == Family::kInt || type.family == Family::kString)) {
            review(e.at, e.text + " to " + type.pg, "the type of the value is not known",
                   type.family == Family::kInt ? "use trunc() if it has decimals: PostgreSQL rounds"
                                               : "use to_char() if it is a date or a float");
        }
    }
    return to_type(value, type, e.at, true);
}

Out Emitter::global(const Expr& e) {
    const std::string name = upper_ascii(e.text);
    if (name == "@@ROWCOUNT") {
        if (!rowcount_fresh_)
            review(e.at, "@@ROWCOUNT", "the statement before it is not one that counts rows here",
                   "check which count is meant");
        return {"v_rowcount", kInteger};
    }
    if (name == "@@FETCH_STATUS") return {"v_fetch_status", kInteger};
    if (name == "@@SPID") return {"pg_backend_pid()", kInteger};
    if (name == "@@IDENTITY") {
        review(e.at, name, "lastval() is the last sequence value of the session, whatever the table",
               "use RETURNING … INTO");
        return {"lastval()", {Family::kInt, "bigint"}};
    }
    if (name == "@@ERROR" && !in_catch_) return {"0", kInteger};  // whenever the routine gets here: an error ends it
    if (name == "@@ERROR" || name == "@@TRANCOUNT") {
        refuse(e.at, name, "errors and transactions work otherwise in PostgreSQL", "use a block with EXCEPTION");
    }
    refuse(e.at, name, "it has no counterpart", "rewrite it");
}

}  // namespace lakemover::tsql
