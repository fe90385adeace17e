// JSON functions and OPENJSON. Zone: pure; throws Unconvertible.
#include "tsql/emitter.hpp"
#include "tsql/parser.hpp"

namespace lakemover::tsql {

namespace {

const Type kText{Family::kString, "text"};

}  // namespace

// A constant path in lax mode, $.a."b c"[0], as an array of steps; without one it is the whole.
std::string Emitter::json_path(const Expr& e) {
    if (e.kind != Ex::kString) refuse(e.at, "computed JSON path", "it has no rule", "write the path out");
    std::string_view path = e.text;
    if (path.rfind("lax ", 0) == 0) path.remove_prefix(4);
    const auto wrong = [&] { refuse(e.at, "JSON path " + e.text, "it has no rule", "use json_path_query()"); };
    if (path.empty() || path[0] != '$') wrong();
    std::string steps;
    const auto add = [&](std::string_view step) { steps += (steps.empty() ? "" : ", ") + literal(step); };
    for (std::size_t i = 1; i < path.size();) {
        if (path[i] == '.' && i + 1 < path.size() && path[i + 1] == '"') {
            const std::size_t end = path.find('"', i + 2);
            if (end == std::string_view::npos) wrong();
            add(path.substr(i + 2, end - i - 2));
            i = end + 1;
        } else if (path[i] == '.') {
            const std::size_t end = std::min(path.find_first_of(".[", i + 1), path.size());
            if (end == i + 1) wrong();
            add(path.substr(i + 1, end - i - 1));
            i = end;
        } else if (path[i] == '[') {
            const std::size_t end = path.find(']', i);
            const std::string_view index = path.substr(i + 1, end == std::string_view::npos ? 0 : end - i - 1);
            if (index.empty() || index.find_first_not_of("0123456789") != std::string_view::npos) wrong();
            add(index);
            i = end + 1;
        } else {
            wrong();
        }
    }
    return "ARRAY[" + steps + "]::text[]";
}

Out Emitter::json_function(const Expr& e, bool& found) {
    const std::string& f = e.text;
    found = library() && ((f == "JSON_VALUE" && e.args.size() == 2) || (f == "JSON_QUERY" && !e.args.empty()) ||
                          (f == "ISJSON" && e.args.size() == 1));
    if (!found) return {};
    feature("XML or JSON", e.at);
    const std::string json = text(*e.args[0]);
    if (f == "ISJSON") return {"lakemover_tsql.is_json(" + json + ")", {Family::kInt, "integer"}};
    const std::string path = e.args.size() > 1 ? json_path(*e.args[1]) : "'{}'::text[]";
    return {
        (f == "JSON_VALUE" ? "lakemover_tsql.json_value(" : "lakemover_tsql.json_query(") + json + ", " + path + ")",
        kText};
}

Columns Emitter::open_json_columns(const From& f) const {
    auto columns = std::make_shared<std::vector<ColumnInfo>>();
    if (f.with.empty()) *columns = {{"key", kText}, {"value", kText}, {"type", {Family::kInt, "integer"}}};
    for (const JsonColumn& c : f.with) columns->push_back({c.name, type_of(c.type)});
    return columns;
}

// OPENJSON(text, path) WITH (column type path): one row per element.
std::string Emitter::open_json(const From& f) {
    feature("XML or JSON", f.at);
    const std::vector<ExprPtr>& args = f.function->args;
    if (args.empty() || args.size() > 2)
        refuse(f.at, "OPENJSON()", "its number of arguments is not the known one", "check it");
    const std::string given = text(*args[0]) + ", " + (args.size() > 1 ? json_path(*args[1]) : "'{}'::text[]");
    if (f.with.empty()) return "lakemover_tsql.openjson(" + given + ")";
    std::string columns;
    for (const JsonColumn& c : f.with) {
        Expr path;
        path.kind = Ex::kString;
        path.at = f.at;
        path.text = c.path.empty() ? "$.\"" + c.name + "\"" : c.path;
        const Type type = type_of(c.type);
        if (type.pg.empty())
            refuse(f.at, "type " + c.type.name, "it has no counterpart in the type table", "choose a type");
        const std::string value = std::string(c.json ? "lakemover_tsql.json_query(" : "lakemover_tsql.json_value(") +
                                  "e.value::text, " + json_path(path) + ")";
        if (type.family == Family::kDatetime || type.family == Family::kDate)
            doubt(f.at, "date in JSON", "T-SQL and PostgreSQL read other forms besides those of ISO 8601",
                  "check the values");
        columns +=
            (columns.empty() ? "" : ", ") + to_type({value, kText}, type, f.at, true).sql + " AS " + ident(c.name);
    }
    return "(SELECT " + columns + " FROM lakemover_tsql.json_rows(" + given + ") AS e (value))";
}

}  // namespace lakemover::tsql
