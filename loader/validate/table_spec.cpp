// The frozen plan of a table as the digests need it. Throws loader::Error.
#include "loader/validate/table_spec.hpp"

#include <algorithm>
#include <optional>

#include "codec/column_form.hpp"
#include "codec/stats_text.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {

std::string text_or_empty(const nlohmann::json& object, const char* member) {
    const auto found = object.find(member);
    return found == object.end() || found->is_null() ? std::string{} : found->get<std::string>();
}

// engine: empty for PostgreSQL, whose type names are the target's own.
ColumnSpec parse_column(const nlohmann::json& column, const std::string& engine) {
    ColumnSpec c;
    c.name = column.at("name").get<std::string>();
    c.target_name = column.at("target_name").get<std::string>();
    c.source_type = text_or_empty(column, "source_type");
    c.target_type = text_or_empty(column, "target_type");
    c.codec = column.at("codec").get<std::string>();
    c.select = text_or_empty(column, "select");
    c.pass = column.value("pass", 1);
    c.precision = text_or_empty(column.value("policy", nlohmann::json::object()), "precision");
    const std::string target_codec = text_or_empty(column, "target_codec");
    const auto scale = column.find("scale");
    c.form = codec::column_form(
        {c.codec, target_codec, c.source_type, c.target_type, !engine.empty(), !c.select.empty(),
         scale == column.end() || scale->is_null() ? std::nullopt : std::optional(scale->get<int>())});
    return c;
}

}  // namespace

std::vector<std::string> TableSpec::second_pass() const {
    std::vector<std::string> names;
    for (const ColumnSpec& c : columns)
        if (c.pass == 2) names.push_back(c.target_name);
    return names;
}

int TableSpec::last_pass() const { return second_pass().empty() ? 1 : 2; }

std::string TableSpec::source_name() const { return source_schema + "." + source_table; }

std::string TableSpec::target_name() const { return target_schema + "." + target_table; }

std::vector<std::string> TableSpec::policy() const {
    std::vector<std::string> sentences;
    for (const ColumnSpec& c : columns) {
        if (!c.select.empty()) {
            sentences.push_back("column " + c.name + " is copied as " + c.select + " into " + c.target_type);
        } else if (c.form.kind == codec::Kind::kNumericValue) {
            sentences.push_back("column " + c.name + " is compared by value, without its display scale: " +
                                c.source_type + " became " + c.target_type);
        } else if (c.form.kind == codec::Kind::kBpchar &&
                   (c.source_type.rfind("character varying", 0) == 0 || c.source_type.find("varchar") < 2)) {
            sentences.push_back("column " + c.name + " became " + c.target_type + ": trailing blanks do not count");
        } else if (c.form.kind == codec::Kind::kText &&
                   (c.source_type.rfind("char(", 0) == 0 || c.source_type.rfind("nchar(", 0) == 0)) {
            sentences.push_back("column " + c.name + " of type " + c.source_type + " became " + c.target_type +
                                ": copied and compared without the padding");
        }
    }
    return sentences;
}

std::string TableSpec::loss(const std::string& column, const std::string& kind, const std::string& values) const {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const ColumnSpec& c) { return c.name == column; });
    const bool rounded = found != columns.end() && found->precision == "round";
    const char* what = kind == "nul"         ? "U+0000 was taken out of "
                       : kind == "surrogate" ? "half surrogate pairs became U+FFFD in "
                       : rounded             ? "seconds were rounded to six digits in "
                                             : "digits of a second behind the sixth were cut off in ";
    return "column " + column + ": " + what + values + (values == "1" ? " value" : " values");
}

TableSpec parse_table_spec(const nlohmann::json& spec, int pass) {
    try {
        TableSpec t;
        t.table_id = spec.at("table_id").get<std::int64_t>();
        t.source_schema = spec.at("source_schema").get<std::string>();
        t.source_table = spec.at("source_table").get<std::string>();
        t.target_schema = spec.at("target_schema").get<std::string>();
        t.target_table = spec.at("target_table").get<std::string>();
        t.format = spec.at("format").get<std::string>() == "text" ? codec::Format::kText : codec::Format::kBinary;
        t.copies_rows = spec.value("copies_rows", true);
        t.hash = spec.value("hash", "md5");
        t.checksum_full = spec.value("checksum", "sample") == "full";
        for (const nlohmann::json& column : spec.at("columns")) {
            if (column.value("pass", 1) > pass) continue;
            t.columns.push_back(parse_column(column, spec.value("engine", std::string())));
        }
        for (const nlohmann::json& name : spec.at("key")) {
            const auto found = std::find_if(t.columns.begin(), t.columns.end(),
                                            [&](const ColumnSpec& c) { return c.name == name.get<std::string>(); });
            // A key with a column that is not copied identifies nothing on the target.
            if (found == t.columns.end()) {
                t.key.clear();
                break;
            }
            t.key.push_back(static_cast<std::size_t>(found - t.columns.begin()));
        }
        return t;
    } catch (const nlohmann::json::exception& e) {
        throw Error(Exit::kOther, "run_table.spec is not a table spec", e.what());
    } catch (const codec::ValueError& e) {
        throw Error(Exit::kOther, "run_table.spec is not a table spec", e.what());
    }
}

codec::RowHasherConfig row_hasher_config(const TableSpec& spec, const codec::HashKey& key) {
    codec::RowHasherConfig config;
    config.key = key;
    for (const ColumnSpec& c : spec.columns) {
        config.columns.push_back(c.form);
        config.names.push_back(c.name);
    }
    return config;
}

nlohmann::json column_stats_json(const std::vector<codec::ColumnStats>& stats) {
    return nlohmann::json::parse(codec::column_stats_text(stats));
}

std::vector<codec::ColumnStats> parse_column_stats(const nlohmann::json& document) {
    try {
        std::vector<codec::ColumnStats> stats;
        for (const nlohmann::json& entry : document) {
            stats.push_back(codec::ColumnStats{entry.at(0).get<std::uint64_t>(),
                                               std::stoull(entry.at(1).get<std::string>()),
                                               entry.at(2).get<std::uint64_t>()});
        }
        return stats;
    } catch (const std::exception& e) {
        throw Error(Exit::kOther, "run_chunk.stats holds no column sums", e.what());
    }
}

}  // namespace lakemover::loader
