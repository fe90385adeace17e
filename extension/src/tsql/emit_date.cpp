// Dates: the clock, parts, arithmetic, and CONVERT's styles. Zone: pure; throws Unconvertible.
#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

const Type kInteger{Family::kInt, "integer"};
const Type kText{Family::kString, "text"};

// The date part's one name; empty when it is none.
std::string part_of(const std::string& word) {
    static const std::map<std::string, std::string, std::less<>> parts = {{"YEAR", "year"},
                                                                          {"YY", "year"},
                                                                          {"YYYY", "year"},
                                                                          {"QUARTER", "quarter"},
                                                                          {"QQ", "quarter"},
                                                                          {"Q", "quarter"},
                                                                          {"MONTH", "month"},
                                                                          {"MM", "month"},
                                                                          {"M", "month"},
                                                                          {"DAYOFYEAR", "doy"},
                                                                          {"DY", "doy"},
                                                                          {"Y", "doy"},
                                                                          {"DAY", "day"},
                                                                          {"DD", "day"},
                                                                          {"D", "day"},
                                                                          {"WEEK", "week"},
                                                                          {"WK", "week"},
                                                                          {"WW", "week"},
                                                                          {"WEEKDAY", "dow"},
                                                                          {"DW", "dow"},
                                                                          {"HOUR", "hour"},
                                                                          {"HH", "hour"},
                                                                          {"MINUTE", "minute"},
                                                                          {"MI", "minute"},
                                                                          {"N", "minute"},
                                                                          {"SECOND", "second"},
                                                                          {"SS", "second"},
                                                                          {"S", "second"},
                                                                          {"MILLISECOND", "millisecond"},
                                                                          {"MS", "millisecond"},
                                                                          {"ISO_WEEK", "iso_week"},
                                                                          {"ISOWK", "iso_week"},
                                                                          {"ISOWW", "iso_week"}};
    const auto found = parts.find(upper_ascii(word));
    return found == parts.end() ? "" : found->second;
}

std::string date_part(const Expr& e) { return e.kind == Ex::kColumn && e.name.size() == 1 ? part_of(e.name[0]) : ""; }

}  // namespace

bool date_part_name(const std::string& word) { return !part_of(word).empty(); }

std::string Emitter::timestamp(const Expr& e) {
    const Out o = expr(e);
    if (o.type.family == Family::kOffset) {
        refuse(e.at, "date function on datetimeoffset", "the result would depend on the session's time zone",
               "convert it first");
    }
    date_as_text(e, o.type, {Family::kDatetime, "timestamp"});
    if (o.type.family == Family::kInt)
        refuse(e.at, "number as a date", "PostgreSQL has no such conversion", "write the date");
    return o.type.family == Family::kDatetime ? o.sql : "(" + o.sql + ")::timestamp";
}

// T-SQL reads the clock once per statement, not once per row; and an index is of use beside one value only.
std::string Emitter::clock(const std::string& sql) const { return scopes_.empty() ? sql : "(SELECT " + sql + ")"; }

Out Emitter::date_function(const Expr& e, bool& found) {
    const std::string& f = e.text;
    const auto count = [&](std::size_t least, std::size_t most) {
        if (e.args.size() < least || e.args.size() > most)
            refuse(e.at, f + "()", "its number of arguments is not the known one", "check it");
    };
    if (f == "GETDATE") return {clock("clock_timestamp()::timestamp(3)"), {Family::kDatetime, "timestamp(3)"}};
    if (f == "SYSDATETIME") return {clock("clock_timestamp()::timestamp(6)"), {Family::kDatetime, "timestamp(6)"}};
    if (f == "GETUTCDATE" || f == "SYSUTCDATETIME") {
        const std::string type = f == "GETUTCDATE" ? "timestamp(3)" : "timestamp(6)";
        return {clock("(clock_timestamp() AT TIME ZONE 'UTC')::" + type), {Family::kDatetime, type}};
    }
    if (f == "SYSDATETIMEOFFSET") return {clock("clock_timestamp()"), {Family::kOffset, "timestamptz"}};
    if (f == "YEAR" || f == "MONTH" || f == "DAY") {
        count(1, 1);
        return {"extract(" + lower_ascii(f) + " FROM " + timestamp(*e.args[0]) + ")::integer", kInteger};
    }
    if (f == "DATEADD") {
        count(3, 3);
        static const std::map<std::string, std::pair<std::string, std::string>, std::less<>> units = {
            {"year", {"years", ""}},
            {"quarter", {"months", " * 3"}},
            {"month", {"months", ""}},
            {"day", {"days", ""}},
            {"doy", {"days", ""}},
            {"dow", {"days", ""}},
            {"week", {"weeks", ""}},
            {"hour", {"hours", ""}},
            {"minute", {"mins", ""}},
            {"second", {"secs", ""}},
            {"millisecond", {"secs", " / 1000.0"}}};
        const auto unit = units.find(date_part(*e.args[0]));
        if (unit == units.end()) refuse(e.at, f, "its date part has no rule", "use an interval");
        const Out amount = expr(*e.args[1]);
        const Out date = expr(*e.args[2]);
        if (unit->first == "millisecond" && date.type.pg == "timestamp(3)")
            doubt(e.at, "DATEADD(millisecond)", "a datetime has steps of 1/300 second, here of 1/1000",
                  "check that no value depends on it");
        std::string n = to_type(amount, kInteger, e.at, false).sql;
        if (!amount.type.known()) n = "(" + n + ")::integer";
        if (!unit->second.second.empty()) n = "(" + n + ")" + unit->second.second;
        std::string base = date.sql;
        if (date.type.family != Family::kOffset) base = timestamp(*e.args[2]);
        const std::string sql = "(" + base + " + make_interval(" + unit->second.first + " => " + n + "))";
        if (date.type.family == Family::kDate) return {sql + "::date", date.type};
        return {sql, date.type.known() && date.type.family != Family::kString
                         ? date.type
                         : Type{Family::kDatetime, "timestamp(3)"}};
    }
    if (f == "DATEDIFF" || f == "DATEDIFF_BIG") {
        count(3, 3);
        return datediff(e);
    }
    if (f == "DATEPART") {
        count(2, 2);
        const std::string part = date_part(*e.args[0]);
        const std::string at = timestamp(*e.args[1]);
        if (part == "dow") {
            review(e.at, "DATEPART(weekday)", "it depends on DATEFIRST",
                   "here Sunday is 1, as with the default of us_english");
            return {"(extract(dow FROM " + at + ")::integer + 1)", kInteger};
        }
        if (part == "iso_week") return {"extract(week FROM " + at + ")::integer", kInteger};
        if (part == "second" || part == "minute" || part == "hour")
            return {"trunc(extract(" + part + " FROM " + at + "))::integer", kInteger};
        if (part == "millisecond") return {"(extract(milliseconds FROM " + at + ")::integer % 1000)", kInteger};
        if (part == "week" && library()) {
            doubt(e.at, "DATEPART(week)", "it depends on DATEFIRST", "here weeks begin on Sunday, as in us_english");
            return {"lakemover_tsql.week(" + at + ")", kInteger};
        }
        if (part.empty() || part == "week") refuse(e.at, f, "its date part has no rule", "compute it");
        return {"extract(" + part + " FROM " + at + ")::integer", kInteger};
    }
    if (f == "DATENAME") {
        count(2, 2);
        const std::string part = date_part(*e.args[0]);
        if (part.empty() || part == "week") refuse(e.at, f, "its date part has no rule", "use to_char()");
        if (part != "month" && part != "dow") {
            const std::string at = timestamp(*e.args[1]);
            const std::string number = part == "millisecond" ? "extract(milliseconds FROM " + at + ")::integer % 1000"
                                       : part == "second"    ? "trunc(extract(second FROM " + at + "))::integer"
                                       : part == "iso_week"  ? "extract(week FROM " + at + ")::integer"
                                                             : "extract(" + part + " FROM " + at + ")::integer";
            return {"(" + number + ")::text", kText};
        }
        review(e.at, f, "the name depends on the session's language", "to_char() here writes English");
        return {"to_char(" + timestamp(*e.args[1]) + (part == "month" ? ", 'FMMonth')" : ", 'FMDay')"), kText};
    }
    if (f == "EOMONTH") {
        count(1, 2);
        const std::string months =
            e.args.size() == 2 ? "make_interval(months => " + text(*e.args[1]) + " + 1)" : "interval '1 month'";
        return {"(date_trunc('month', " + timestamp(*e.args[0]) + ") + " + months + " - interval '1 day')::date",
                {Family::kDate, "date"}};
    }
    if (f == "DATEFROMPARTS") {
        count(3, 3);
        return {"make_date(" + list(e.args) + ")", {Family::kDate, "date"}};
    }
    found = false;
    return {};
}

// DATEDIFF counts the boundaries between two times, not the time that passed.
Out Emitter::datediff(const Expr& e) {
    const std::string part = date_part(*e.args[0]);
    const std::string a = timestamp(*e.args[1]);
    const std::string b = timestamp(*e.args[2]);
    const Type type = e.text == "DATEDIFF" ? kInteger : Type{Family::kInt, "bigint"};
    const auto years = [](const std::string& t) { return "extract(year FROM " + t + ")"; };
    const auto typed = [&](const std::string& sql) { return Out{"(" + sql + ")::" + type.pg, type}; };
    if (part == "day" || part == "doy" || part == "dow") return typed(b + "::date - " + a + "::date");
    if (part == "year") return typed(years(b) + " - " + years(a));
    if (part == "month" || part == "quarter") {
        const std::string n = part == "month" ? "12" : "4";
        const auto count = [&](const std::string& t) {
            return years(t) + " * " + n + " + extract(" + part + " FROM " + t + ")";
        };
        return typed("(" + count(b) + ") - (" + count(a) + ")");
    }
    if (part == "week") {  // weeks begin on Sunday here, whatever DATEFIRST is; 0001-01-07 was one
        const auto weeks = [](const std::string& t) { return "(" + t + "::date - date '0001-01-07') / 7"; };
        return typed(weeks(b) + " - " + weeks(a));
    }
    if (part == "hour" || part == "minute" || part == "second" || part == "millisecond") {
        const std::string unit = part == "hour"          ? " / 3600"
                                 : part == "minute"      ? " / 60"
                                 : part == "millisecond" ? " * 1000"
                                                         : "";
        const std::string trunc = part == "millisecond" ? "milliseconds" : part;
        return typed("extract(epoch FROM date_trunc('" + trunc + "', " + b + ") - date_trunc('" + trunc + "', " + a +
                     "))" + unit);
    }
    refuse(e.at, e.text, "its date part has no rule", "compute it");
}

Out Emitter::convert_style(const Expr& e, const Type& type, const Out& value) {
    static const std::map<std::string, std::string, std::less<>> formats = {{"1", "MM/DD/YY"},
                                                                            {"101", "MM/DD/YYYY"},
                                                                            {"2", "YY.MM.DD"},
                                                                            {"102", "YYYY.MM.DD"},
                                                                            {"3", "DD/MM/YY"},
                                                                            {"103", "DD/MM/YYYY"},
                                                                            {"4", "DD.MM.YY"},
                                                                            {"104", "DD.MM.YYYY"},
                                                                            {"5", "DD-MM-YY"},
                                                                            {"105", "DD-MM-YYYY"},
                                                                            {"6", "DD Mon YY"},
                                                                            {"106", "DD Mon YYYY"},
                                                                            {"7", "Mon DD, YY"},
                                                                            {"107", "Mon DD, YYYY"},
                                                                            {"8", "HH24:MI:SS"},
                                                                            {"108", "HH24:MI:SS"},
                                                                            {"24", "HH24:MI:SS"},
                                                                            {"10", "MM-DD-YY"},
                                                                            {"110", "MM-DD-YYYY"},
                                                                            {"11", "YY/MM/DD"},
                                                                            {"111", "YYYY/MM/DD"},
                                                                            {"12", "YYMMDD"},
                                                                            {"112", "YYYYMMDD"},
                                                                            {"20", "YYYY-MM-DD HH24:MI:SS"},
                                                                            {"120", "YYYY-MM-DD HH24:MI:SS"},
                                                                            {"21", "YYYY-MM-DD HH24:MI:SS.MS"},
                                                                            {"121", "YYYY-MM-DD HH24:MI:SS.MS"},
                                                                            {"25", "YYYY-MM-DD HH24:MI:SS.MS"},
                                                                            {"23", "YYYY-MM-DD"}};
    const Expr& style = *e.args[1];
    const Family source = value.type.family;
    if (type.family == Family::kString && (source == Family::kDate || source == Family::kDatetime) && library() &&
        style.kind == Ex::kNumber) {
        static const std::map<std::string, std::string, std::less<>> library = {
            {"0", "0"},    {"100", "0"}, {"9", "9"},    {"109", "9"}, {"13", "13"},
            {"113", "13"}, {"14", "14"}, {"114", "14"}, {"22", "22"}, {"126", "126"}};
        if (const auto known = library.find(style.text); known != library.end())
            return to_type({"lakemover_tsql.date_text(" + value.sql + ", " + known->second + ")", kText}, type, e.at,
                           true);
    }
    const auto format = formats.find(style.kind == Ex::kNumber ? style.text : "");
    if (format == formats.end())
        refuse(e.at, "CONVERT with style " + style.text, "this style has no rule", "use to_char() or to_timestamp()");
    const Family from = value.type.family;
    if (type.family == Family::kString && (from == Family::kDate || from == Family::kDatetime || !value.type.known())) {
        if (!value.type.known())
            review(e.at, "CONVERT with style " + style.text, "the type of the value is not known",
                   "it is taken for a date here");
        return to_type({"to_char((" + value.sql + ")::timestamp, '" + format->second + "')", kText}, type, e.at, true);
    }
    if ((type.family == Family::kDate || type.family == Family::kDatetime) && from == Family::kString) {
        review(e.at, "CONVERT from text with style " + style.text, "PostgreSQL's parser takes other spellings",
               "check with real values");
        return {"to_timestamp(" + value.sql + ", '" + format->second + "')::timestamp::" + type.pg, type};
    }
    if (from == type.family) return to_type(value, type, e.at, true);  // a style changes nothing then
    refuse(e.at, "CONVERT with style " + style.text, "styles between these types have no rule", "write the conversion");
}

}  // namespace lakemover::tsql
