// See probe.hpp.
#include "source/probe.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lakemover::source {

namespace {

using nlohmann::json;

ProbeColumn column_of(const json& object) {
    return {object.value("name", ""), object.value("type", ""), object.value("collation", "")};
}

std::vector<ProbeColumn> columns_of(const json& object, const char* key) {
    std::vector<ProbeColumn> columns;
    if (const auto found = object.find(key); found != object.end()) {
        for (const json& column : *found) {
            columns.push_back(column_of(column));
        }
    }
    return columns;
}

}  // namespace

ProbeSpec parse_probe(std::string_view text) {
    try {
        const json object = json::parse(text);
        ProbeSpec spec;
        spec.kind = object.at("kind").get<std::string>();
        spec.schema = object.at("schema").get<std::string>();
        spec.table = object.at("table").get<std::string>();
        spec.children = object.value("children", false);
        spec.memory_optimized = object.value("memory_optimized", false);
        spec.text_copy = object.value("text_copy", false);
        spec.rows = object.value("rows", std::int64_t{0});
        spec.percent = object.value("percent", 0.0);
        spec.columns = columns_of(object, "columns");
        spec.key = columns_of(object, "key");
        if (const auto found = object.find("checks"); found != object.end()) {
            for (const json& check : *found) {
                spec.checks.push_back({check.at("check").get<std::string>(), column_of(check)});
            }
        }
        spec.ref_schema = object.value("ref_schema", "");
        spec.ref_table = object.value("ref_table", "");
        spec.ref_children = object.value("ref_children", false);
        spec.ref_memory_optimized = object.value("ref_memory_optimized", false);
        spec.ref_columns = columns_of(object, "ref_columns");
        spec.match_full = object.value("match_full", false);
        spec.fold = object.value("fold", "");
        if (spec.rows < 0 || (spec.kind == "orphans" && spec.columns.size() != spec.ref_columns.size())) {
            throw Error(ErrorKind::kConfig, "22023", "what to look for in the source's rows makes no sense");
        }
        return spec;
    } catch (const json::exception& e) {
        throw Error(ErrorKind::kConfig, "22023", "what to look for in the source's rows is not readable", e.what());
    }
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
    std::string all;
    for (const std::string& part : parts) {
        all += (all.empty() ? "" : separator) + part;
    }
    return all;
}

std::string alias(std::size_t i) { return "t.c" + std::to_string(i); }

std::string ProbedColumns::value(const ProbeColumn& column) {
    const auto known =
        std::find_if(columns_.begin(), columns_.end(), [&](const ProbeColumn& c) { return c.name == column.name; });
    const auto place = static_cast<std::size_t>(known - columns_.begin());
    if (known == columns_.end()) {
        columns_.push_back(column);
    }
    return alias(place);
}

std::string probe_select(const ProbeSpec& spec, const ProbeStatements& statements) {
    if (spec.kind == "values") {
        return statements.values();
    }
    if (spec.columns.empty()) {
        throw Error(ErrorKind::kConfig, "22023", "there is no column to look at");
    }
    if (spec.kind == "orphans") {
        return statements.orphans();
    }
    if (spec.kind == "duplicates") {
        return statements.duplicates();
    }
    throw Error(ErrorKind::kConfig, "22023", "unknown look at rows \"" + spec.kind + "\"");
}

}  // namespace lakemover::source
