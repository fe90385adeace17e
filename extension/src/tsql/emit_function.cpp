// Built-in functions, aggregates and windows. Zone: pure; throws Unconvertible.
#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

const Type kText{Family::kString, "text"};
const Type kInteger{Family::kInt, "integer"};
const Type kBigint{Family::kInt, "bigint"};
const Type kDouble{Family::kFloat, "double precision"};
const Type kBool{Family::kBit, "boolean"};

void arguments(const Expr& e, std::size_t least, std::size_t most) {
    if (e.args.size() < least || e.args.size() > most) {
        throw Unconvertible{e.at, e.text + "()", "its number of arguments is not the known one", "check it"};
    }
}

}  // namespace

Out Emitter::call(const Expr& e) {
    if (e.name.size() > 1) return user_function(e);
    bool found = true;
    Out out = string_function(e, found);
    if (!found) out = json_function(e, found);
    if (!found) out = number_function(e, found = true);
    if (!found) out = date_function(e, found = true);
    if (!found) out = error_function(e, found);
    if (!found) out = trigger_function(e, found);
    if (!found) out = aggregate(e, found = true);
    if (!found) refuse(e.at, e.text + "()", "this function has no rule", "find or write a counterpart");
    return out;
}

// The type of a function that returns one of its arguments.
Type Emitter::common_of(const std::vector<ExprPtr>& args, std::size_t from) {
    Type type;
    bool first = true;
    for (std::size_t i = from; i < args.size(); ++i) {
        const Out o = expr(*args[i]);
        if (o.sql == "NULL") continue;
        type = first ? o.type : common_type(type, o.type);
        first = false;
    }
    return type;
}

Out Emitter::string_function(const Expr& e, bool& found) {
    const std::string& f = e.text;
    const auto arg = [&](std::size_t i) { return text(*e.args[i]); };
    if (f == "ISNULL") {
        arguments(e, 2, 2);
        const Out a = expr(*e.args[0]);
        Out b = expr(*e.args[1]);
        if (a.type.known()) b = to_type(b, a.type, e.at, false);  // the result has the first argument's type
        if (!a.type.known() && (b.type.family == Family::kDecimal || b.type.family == Family::kFloat))
            doubt(e.at, f, "the result has the first argument's type, which is not known", "cast it");
        return {"coalesce(" + a.sql + ", " + b.sql + ")", a.type.known() ? a.type : b.type};
    }
    if (f == "COALESCE") {
        arguments(e, 1, 99);
        const Type type = common_of(e.args, 0);
        std::string sql;
        for (const ExprPtr& a : e.args) sql += (sql.empty() ? "" : ", ") + bit_as(expr(*a), type);
        return {"coalesce(" + sql + ")", type.family == Family::kString ? kText : type};
    }
    if (f == "NULLIF") {
        arguments(e, 2, 2);
        strings_compared(e.at, expr(*e.args[0]).type, expr(*e.args[1]).type);
        return {"nullif(" + list(e.args) + ")", expr(*e.args[0]).type};
    }
    if (f == "IIF") {
        arguments(e, 3, 3);
        const Type type = common_of(e.args, 1);
        return {"CASE WHEN " + arg(0) + " THEN " + bit_as(expr(*e.args[1]), type) + " ELSE " +
                    bit_as(expr(*e.args[2]), type) + " END",
                type};
    }
    if (f == "CHOOSE") {
        arguments(e, 2, 99);
        std::string sql = "CASE " + arg(0);
        for (std::size_t i = 1; i < e.args.size(); ++i) sql += " WHEN " + std::to_string(i) + " THEN " + arg(i);
        return {sql + " END", common_of(e.args, 1)};
    }
    if (f == "LEN") {
        arguments(e, 1, 1);
        const Out a = expr(*e.args[0]);
        const std::string value = a.type.family == Family::kString ? a.sql : "(" + a.sql + ")::text";
        return {"length(rtrim(" + value + ", ' '))", kInteger};
    }
    if (f == "DATALENGTH") {
        arguments(e, 1, 1);
        const Out a = expr(*e.args[0]);
        if (a.type.family != Family::kBinary && (a.type.family != Family::kString || a.type.wide)) {
            if (a.type.family == Family::kString)  // two bytes for a character, four for one outside of the first plane
                return {"2 * length(regexp_replace(" + a.sql + ", '[\\U00010000-\\U0010FFFF]', 'xx', 'g'))", kInteger};
            refuse(e.at, f, "the bytes of this type differ between the engines", "use octet_length() of what is meant");
        }
        return {"octet_length(" + a.sql + ")", kInteger};
    }
    static const std::map<std::string, std::string, std::less<>> same = {
        {"UPPER", "upper"},         {"LOWER", "lower"},     {"LTRIM", "ltrim"},         {"RTRIM", "rtrim"},
        {"TRIM", "btrim"},          {"REPLACE", "replace"}, {"REVERSE", "reverse"},     {"REPLICATE", "repeat"},
        {"SUBSTRING", "substring"}, {"CONCAT", "concat"},   {"CONCAT_WS", "concat_ws"}, {"TRANSLATE", "translate"}};
    if (const auto s = same.find(f); s != same.end()) {
        arguments(e, 1, 99);
        if ((f == "LTRIM" || f == "RTRIM" || f == "TRIM") && e.args.size() != 1)
            refuse(e.at, f, "this form has no rule", "use trim()");
        for (const ExprPtr& a : e.args) {
            if (f != "RTRIM" && f != "UPPER" && f != "LOWER") padded(a->at, expr(*a).type);
        }
        if (f.rfind("CONCAT", 0) == 0) {
            std::string sql;
            for (const ExprPtr& a : e.args) sql += (sql.empty() ? "" : ", ") + as_text(expr(*a), a->at).sql;
            return {s->second + "(" + sql + ")", kText};
        }
        if (f == "REPLICATE" && library() && (e.args.size() != 2 || e.args[1]->kind != Ex::kNumber))
            return {"lakemover_tsql.replicate(" + list(e.args) + ")", kText};
        if (f == "REPLACE") strings_compared(e.at, expr(*e.args[0]).type, {Family::kString, "text"});
        return {s->second + "(" + list(e.args) + ")", kText};
    }
    if (f == "LEFT" || f == "RIGHT") {
        arguments(e, 2, 2);
        padded(e.at, expr(*e.args[0]).type);
        // A negative length is an error in T-SQL, and counts from the other end in left() and right().
        const bool plain = e.args[1]->kind == Ex::kNumber;
        if (f == "LEFT" && !plain) return {"substring(" + arg(0) + ", 1, " + arg(1) + ")", kText};
        return {(f == "LEFT" ? "left(" : "right(") + list(e.args) + ")", kText};
    }
    if (f == "SPACE") {
        arguments(e, 1, 1);
        if (e.args[0]->kind != Ex::kNumber && library())
            return {"lakemover_tsql.replicate(' ', " + arg(0) + ")", kText};
        return {"repeat(' ', " + arg(0) + ")", kText};
    }
    if (f == "CHARINDEX") {
        arguments(e, 2, 3);
        strings_compared(e.at, {Family::kString, "text"}, {Family::kString, "text"});
        if ((e.args[0]->kind != Ex::kString || e.args[0]->text.empty()) && library())
            return {"lakemover_tsql.charindex(" + list(e.args) + ")", kInteger};
        if (e.args.size() == 2) return {"strpos(" + arg(1) + ", " + arg(0) + ")", kInteger};
        const Expr& start = *e.args[2];
        const std::string first =
            start.kind == Ex::kNumber && start.text != "0" ? start.text : "greatest(" + arg(2) + ", 1)";
        const std::string rest = "strpos(substr(" + arg(1) + ", " + first + "), " + arg(0) + ")";
        return {"CASE WHEN " + rest + " > 0 THEN " + rest + " + " + first + " - 1 ELSE 0 END", kInteger};
    }
    if (f == "STUFF") {
        arguments(e, 4, 4);
        if (Out joined = joined_rows(e); !joined.sql.empty()) return joined;
        if (library()) return {"lakemover_tsql.stuff(" + list(e.args) + ")", kText};
        return {"overlay(" + arg(0) + " placing coalesce(" + arg(3) + ", '') from " + arg(1) + " for " + arg(2) + ")",
                kText};
    }
    if (f == "CHAR" || f == "NCHAR") {
        arguments(e, 1, 1);
        const Expr& code = *e.args[0];
        if (f == "CHAR" && (code.kind != Ex::kNumber || code.text.size() > 2)) {
            review(e.at, f, "codes over 127 depend on the code page", "check the codes");
        }
        return {"chr(" + arg(0) + ")", kText};
    }
    if (f == "ASCII" || f == "UNICODE") {
        arguments(e, 1, 1);
        if (f == "ASCII") doubt(e.at, f, "codes over 127 depend on the code page in T-SQL", "check the texts");
        return {"ascii(nullif(" + arg(0) + ", ''))", kInteger};  // of an empty text it is NULL
    }
    if (f == "PATINDEX") return patindex(e);
    if (f == "FORMAT") return format(e);
    if (f == "QUOTENAME" && library()) {
        arguments(e, 1, 2);
        return {"lakemover_tsql.quotename(" + list(e.args) + ")", kText};
    }
    if (f == "PARSENAME" && library()) {
        arguments(e, 2, 2);
        return {"lakemover_tsql.parsename(" + list(e.args) + ")", kText};
    }
    if (f == "ISNUMERIC" && library()) {
        arguments(e, 1, 1);
        const Out a = expr(*e.args[0]);
        if (a.type.family == Family::kInt || a.type.family == Family::kDecimal || a.type.family == Family::kFloat)
            return {"CASE WHEN " + a.sql + " IS NULL THEN 0 ELSE 1 END", kInteger};
        doubt(e.at, f, "of odd texts, such as a lone sign or currency, T-SQL says that they are numbers",
              "use TRY_CAST in the source, or check the texts");
        return {"lakemover_tsql.is_numeric((" + a.sql + ")::text)", kInteger};
    }
    if (f == "DB_NAME" && e.args.empty()) return {"current_database()::text", kText};
    if ((f == "SUSER_SNAME" || f == "SUSER_NAME" || f == "ORIGINAL_LOGIN") && e.args.empty())
        return {"session_user::text", kText};
    if (f == "USER_NAME" && e.args.empty()) return {"current_user::text", kText};
    found = false;
    return {};
}

Out Emitter::number_function(const Expr& e, bool& found) {
    const std::string& f = e.text;
    const auto arg = [&](std::size_t i) { return text(*e.args[i]); };
    if (f == "ABS" || f == "CEILING" || f == "FLOOR" || f == "SIGN") {
        arguments(e, 1, 1);
        const Out a = expr(*e.args[0]);
        const std::string sql = lower_ascii(f == "CEILING" ? "ceil" : f) + "(" + a.sql + ")";
        if (a.type.family == Family::kInt && f != "ABS") return {sql + "::" + a.type.pg, a.type};
        return {sql, a.type};
    }
    if (f == "ROUND") {
        arguments(e, 2, 3);
        const Out a = expr(*e.args[0]);
        if (e.args.size() == 3 && e.args[2]->kind != Ex::kNumber)
            refuse(e.at, f, "whether it cuts is computed", "write round() or trunc()");
        const bool cut = e.args.size() == 3 && e.args[2]->text != "0";
        std::string sql = (cut ? "trunc((" : "round((") + a.sql + ")::numeric, " + arg(1) + ")";
        if (a.type.family == Family::kFloat)
            doubt(e.at, "ROUND of a float", "a float that lies between two values can go the other way",
                  "round a decimal");
        if (a.type.family == Family::kInt || a.type.family == Family::kFloat) return {sql + "::" + a.type.pg, a.type};
        return {sql, a.type.known() ? a.type : Type{Family::kDecimal, "numeric"}};
    }
    static const std::map<std::string, std::string, std::less<>> doubles = {
        {"SQRT", "sqrt"}, {"EXP", "exp"}, {"LOG10", "log"}, {"SIN", "sin"}, {"COS", "cos"}, {"TAN", "tan"}};
    if (const auto d = doubles.find(f); d != doubles.end()) {
        arguments(e, 1, 1);
        return {d->second + "((" + arg(0) + ")::double precision)", kDouble};
    }
    if (f == "LOG") {
        arguments(e, 1, 1);
        return {"ln((" + arg(0) + ")::double precision)", kDouble};
    }
    if (f == "SQUARE") {
        arguments(e, 1, 1);
        return {"power((" + arg(0) + ")::double precision, 2)", kDouble};
    }
    if (f == "POWER") {  // the result has the type of the base
        arguments(e, 2, 2);
        const Out base = expr(*e.args[0]);
        const std::string sql = "power(" + base.sql + ", " + arg(1) + ")";
        if (base.type.family == Family::kInt) return {"trunc(" + sql + ")::" + base.type.pg, base.type};
        if (!base.type.known())
            review(e.at, f, "the type of the base is not known", "T-SQL cuts the result to that type");
        if (base.type.family == Family::kDecimal || base.type.family == Family::kMoney)
            doubt(e.at, f, "T-SQL cuts the result to the base's scale", "round() it to that scale");
        return {sql, base.type};
    }
    if (f == "PI") return {"pi()", kDouble};
    if (f == "RAND" && e.args.empty() && !scopes_.empty())
        doubt(e.at, f, "T-SQL draws one number per statement, random() one per row", "draw it before the statement");
    if (f == "RAND" && e.args.empty()) return {"random()", kDouble};
    if (f == "NEWID" || f == "NEWSEQUENTIALID") {
        arguments(e, 0, 0);
        return {"gen_random_uuid()", {Family::kGuid, "uuid"}};
    }
    if (f == "SCOPE_IDENTITY" && identity_known_) return {"v_identity", kBigint};
    if (f == "SCOPE_IDENTITY") {
        review(e.at, f, "lastval() is the last sequence value of the session, whatever the table",
               "use RETURNING … INTO");
        return {"lastval()", kBigint};
    }
    found = false;
    return {};
}

std::string Emitter::over(const Expr& e, bool required) {
    if (!e.over) {
        if (required) refuse(e.at, e.text + "()", "OVER is missing", "add it");
        return "";
    }
    std::string sql;
    for (const ExprPtr& p : e.over->partition) string_sorted(*p);
    if (!e.over->partition.empty()) sql += "PARTITION BY " + list(e.over->partition);
    if (!e.over->order.empty()) {
        const Expr& first = *e.over->order[0].expr;  // ORDER BY (SELECT NULL): any order
        if (first.kind != Ex::kSubquery) sql += (sql.empty() ? "" : " ") + ("ORDER BY " + order_by(e.over->order));
    }
    if (!e.over->frame.empty()) sql += " " + e.over->frame;
    return " OVER (" + sql + ")";
}

Out Emitter::aggregate(const Expr& e, bool& found) {
    const std::string& f = e.text;
    const std::string distinct = e.distinct ? "DISTINCT " : "";
    if (f == "COUNT" || f == "COUNT_BIG") {
        arguments(e, 1, 1);
        const std::string sql = "count(" + distinct + text(*e.args[0]) + ")" + over(e, false);
        if (f == "COUNT_BIG") return {sql, kBigint};
        return {e.over ? "(" + sql + ")::integer" : sql + "::integer", kInteger};
    }
    if (f == "MIN" || f == "MAX") {
        arguments(e, 1, 1);
        const Out a = expr(*e.args[0]);
        if (a.type.family == Family::kGuid || a.type.family == Family::kBit)
            refuse(e.at, f, "PostgreSQL has none for this type", "cast it");
        if (!a.type.known() || a.type.family == Family::kString) strings_compared(e.at, a.type, a.type);
        return {(f == "MIN" ? "min(" : "max(") + distinct + a.sql + ")" + over(e, false),
                a.type.family == Family::kString ? kText : a.type};
    }
    if (f == "SUM" || f == "AVG") {
        arguments(e, 1, 1);
        const Out a = expr(*e.args[0]);
        std::string sql = (f == "SUM" ? "sum(" : "avg(") + distinct + a.sql + ")" + over(e, false);
        if (a.type.family == Family::kInt) {
            const Type type = a.type.pg == "bigint" ? kBigint : kInteger;
            return {(f == "AVG" ? "trunc(" + sql + ")::" : "(" + sql + ")::") + type.pg, type};
        }
        if (!a.type.known() && f == "AVG")
            review(e.at, f, "the type of the values is not known",
                   "T-SQL cuts the mean of integers: use trunc(avg(…))");
        if (f == "AVG" && a.type.known()) scale_differs(e.at, f, a.type);
        if (a.type.family == Family::kDecimal) return {sql, {Family::kDecimal, "numeric"}};
        return {sql, a.type};
    }
    if (f == "STRING_AGG") {
        arguments(e, 2, 2);
        const std::string order = e.order.empty() ? "" : " ORDER BY " + order_by(e.order);
        return {"string_agg((" + as_text(expr(*e.args[0]), e.at).sql + ")::text, " + text(*e.args[1]) + order + ")",
                kText};
    }
    static const std::map<std::string, std::string, std::less<>> statistics = {
        {"STDEV", "stddev_samp"}, {"STDEVP", "stddev_pop"}, {"VAR", "var_samp"}, {"VARP", "var_pop"}};
    if (const auto s = statistics.find(f); s != statistics.end()) {
        arguments(e, 1, 1);
        return {s->second + "(" + distinct + "(" + text(*e.args[0]) + ")::double precision)" + over(e, false), kDouble};
    }
    if (f == "ROW_NUMBER" || f == "RANK" || f == "DENSE_RANK") return {lower_ascii(f) + "()" + over(e, true), kBigint};
    if (f == "PERCENT_RANK" || f == "CUME_DIST") return {lower_ascii(f) + "()" + over(e, true), kDouble};
    if (f == "NTILE") {
        arguments(e, 1, 1);
        return {"ntile(" + text(*e.args[0]) + ")" + over(e, true) + "::bigint", kBigint};
    }
    if (f == "LAG" || f == "LEAD" || f == "FIRST_VALUE" || f == "LAST_VALUE") {
        arguments(e, 1, 3);
        return {lower_ascii(f) + "(" + list(e.args) + ")" + over(e, true), expr(*e.args[0]).type};
    }
    if (f == "GROUPING") {
        arguments(e, 1, 1);
        return {"grouping(" + text(*e.args[0]) + ")", kInteger};
    }
    found = false;
    return {};
}

}  // namespace lakemover::tsql
