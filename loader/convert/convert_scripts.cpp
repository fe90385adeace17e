#include "loader/convert/convert_scripts.hpp"

namespace lakemover::loader {

using nlohmann::json;

json convert_context(Pg& staging, const std::string& source) {
    return json::parse(staging.scalar("SELECT lakemover._convert_context($1)", {source}).value_or("{}"));
}

Prelude prelude_of(const json& context) {
    Prelude prelude;
    for (const char* part : {"schemas", "sequences", "tables"}) {
        for (const json& sql : context.value(part, json::array())) prelude.push_back(sql.get<std::string>());
    }
    return prelude;
}

json converter_input(const json& context, bool exact_strings) {
    json input{{"exact_strings", exact_strings}, {"scripts", json::array()}};
    for (const char* part : {"names", "identifiers", "columns"}) input[part] = context.value(part, json::object());
    return input;
}

std::vector<ConvertedObject> convert_scripts(Pg& staging, const json& input) {
    std::string text;
    try {
        text = input.dump();
    } catch (const json::exception&) {
        throw Error(Exit::kUsage, "a file is not UTF-8 text", {}, "convert it first, for example with iconv -t UTF-8");
    }
    const Result r = staging.query(
        "SELECT script, line, name, kind, sql, class, score, notes, details FROM lakemover._convert_scripts($1)",
        {text});
    std::vector<ConvertedObject> objects;
    for (int row = 0; row < r.rows(); ++row) {
        ConvertedObject o;
        o.script = static_cast<std::size_t>(r.integer(row, 0));
        o.name = r.text(row, 2);
        o.kind = r.text(row, 3);
        o.sql = r.text(row, 4);
        o.result = r.text(row, 5);
        o.score = r.text(row, 6);
        o.notes = json::parse(r.text(row, 7));
        o.details = json::parse(r.text(row, 8));
        o.details["line"] = r.integer(row, 1);
        objects.push_back(std::move(o));
    }
    return objects;
}

}  // namespace lakemover::loader
