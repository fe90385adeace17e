// See spec.hpp.
#include "source/spec.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "source/postgres/large_objects.hpp"

namespace lakemover::source {

namespace {

using nlohmann::json;

Error bad_spec(const std::string& what) {
    return {ErrorKind::kConfig, "22023", "the frozen plan of the table is not readable", what,
            "plan again and start a new run"};
}

template <class T> T required(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        throw bad_spec(std::string("\"") + key + "\" is missing");
    }
    return found->get<T>();
}

template <class T> T with_default(const json& object, const char* key, T otherwise) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? otherwise : found->get<T>();
}

std::optional<std::string> optional_text(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        return std::nullopt;
    }
    return found->get<std::string>();
}

ColumnSpec parse_column(const json& object) {
    ColumnSpec column;
    column.name = required<std::string>(object, "name");
    column.target_name = with_default(object, "target_name", column.name);
    column.source_type = required<std::string>(object, "source_type");
    column.target_type = with_default(object, "target_type", column.source_type);
    column.codec = required<std::string>(object, "codec");
    column.target_codec = with_default(object, "target_codec", column.codec);
    column.select = optional_text(object, "select");
    column.not_null = with_default(object, "not_null", false);
    column.pass = with_default(object, "pass", 1);
    if (const auto scale = object.find("scale"); scale != object.end() && !scale->is_null()) {
        column.scale = scale->get<int>();
    }
    column.collation = optional_text(object, "collation");
    column.policy = with_default<std::map<std::string, std::string>>(object, "policy", {});
    return column;
}

TableSpec parse(const json& object) {
    TableSpec spec;
    spec.table_id = required<std::int64_t>(object, "table_id");
    spec.source_schema = required<std::string>(object, "source_schema");
    spec.source_table = required<std::string>(object, "source_table");
    spec.target_schema = with_default(object, "target_schema", spec.source_schema);
    spec.target_table = with_default(object, "target_table", spec.source_table);
    spec.kind = with_default<std::string>(object, "kind", "r");
    const auto format = with_default<std::string>(object, "format", "binary");
    if (format != "binary" && format != "text") {
        throw bad_spec("\"format\" is neither binary nor text");
    }
    spec.format = format == "binary" ? CopyFormat::kBinary : CopyFormat::kText;
    spec.row_filter = optional_text(object, "row_filter");
    // A comparison reads otherwise than the plan would load; the plan's words stay, since its hash is made of them.
    spec.chunking = with_default(object, "read_by", with_default<std::string>(object, "chunking", "single"));
    spec.est_rows = with_default<std::int64_t>(object, "est_rows", -1);
    spec.est_bytes = with_default<std::int64_t>(object, "est_bytes", -1);
    spec.pages = with_default<std::int64_t>(object, "pages", -1);
    for (const json& column : required<json::array_t>(object, "columns")) {
        spec.columns.push_back(parse_column(column));
    }
    spec.key = with_default<std::vector<std::string>>(object, "key", {});
    spec.copies_rows = with_default(object, "copies_rows", true);
    spec.hash = parse_csv_hash(with_default<std::string>(object, "hash", "md5"));
    spec.memory_optimized = with_default(object, "memory_optimized", false);
    spec.native = object.contains("engine");
    if (spec.holds_large_objects()) {
        for (ColumnSpec& column : spec.columns) {
            column.select = column.on_target = postgres::large_object_column(column.name);
        }
    }
    return spec;
}

}  // namespace

const ColumnSpec* TableSpec::column(std::string_view source_name) const {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const ColumnSpec& c) { return c.name == source_name; });
    return found == columns.end() ? nullptr : &*found;
}

bool TableSpec::key_is_copied() const {
    return !key.empty() &&
           std::all_of(key.begin(), key.end(), [this](const std::string& k) { return column(k) != nullptr; });
}

TableSpec TableSpec::first_pass() const {
    TableSpec first = *this;
    std::erase_if(first.columns, [](const ColumnSpec& c) { return c.pass != 1; });
    return first;
}

TableSpec parse_table_spec(std::string_view text) {
    try {
        return parse(json::parse(text));
    } catch (const json::exception& e) {
        throw bad_spec(e.what());
    }
}

CsvHash parse_csv_hash(std::string_view name) {
    if (name == "md5") {
        return CsvHash::kMd5;
    }
    if (name == "sha256") {
        return CsvHash::kSha256;
    }
    throw Error(ErrorKind::kConfig, "22023", "unknown hash \"" + std::string(name) + "\"", {},
                "valid hashes are md5 and sha256");
}

ChunkMethod parse_chunk_method(std::string_view name) {
    if (name == "single") {
        return ChunkMethod::kSingle;
    }
    if (name == "keyset") {
        return ChunkMethod::kKeyset;
    }
    if (name == "ctid") {
        return ChunkMethod::kCtid;
    }
    if (name == "row_number") {
        return ChunkMethod::kRowNumber;
    }
    throw bad_spec("unknown chunk method \"" + std::string(name) + "\"");
}

ChunkRange parse_chunk_range(std::string_view method, const std::optional<std::string>& lower,
                             const std::optional<std::string>& upper) {
    ChunkRange range;
    range.method = parse_chunk_method(method);
    try {
        if (lower) {
            range.lower = json::parse(*lower).get<std::vector<std::string>>();
        }
        if (upper) {
            range.upper = json::parse(*upper).get<std::vector<std::string>>();
        }
    } catch (const json::exception& e) {
        throw bad_spec(std::string("a chunk's bound: ") + e.what());
    }
    return range;
}

std::vector<std::string> parse_text_array(std::string_view text) {
    const auto broken = [&text] { return bad_spec("not an array of text: " + std::string(text)); };
    std::vector<std::string> elements;
    if (text == "{}") {
        return elements;
    }
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
        throw broken();
    }
    const std::size_t end = text.size() - 1;
    for (std::size_t at = 1; at <= end; ++at) {
        std::string element;
        const bool quoted = text[at] == '"';
        if (quoted) {
            for (++at; at < end && text[at] != '"'; ++at) {
                if (text[at] == '\\') {
                    ++at;
                }
                element += text[at];
            }
            if (at >= end || (++at != end && text[at] != ',')) {
                throw broken();
            }
        } else {
            for (; at < end && text[at] != ','; ++at) {
                element += text[at];
            }
            if (element.empty() || element == "NULL") {
                throw broken();
            }
        }
        elements.push_back(std::move(element));
    }
    return elements;
}

}  // namespace lakemover::source
