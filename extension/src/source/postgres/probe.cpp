// PostgreSQL's SELECTs behind probe.hpp. Sizes come from octet_length() and pg_column_size(), which read no value that
// is stored out of line. Pure zone; throws source::Error.
#include "source/probe.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "source/dialect.hpp"

namespace lakemover::source {

namespace {

// Well-formed UTF-8, byte by byte, as a database in SQL_ASCII sees it.
constexpr const char* kUtf8Pattern =
    R"(^([\u0001-\u007F]|[\u00C2-\u00DF][\u0080-\u00BF]|\u00E0[\u00A0-\u00BF][\u0080-\u00BF])"
    R"(|[\u00E1-\u00EC\u00EE\u00EF][\u0080-\u00BF][\u0080-\u00BF]|\u00ED[\u0080-\u009F][\u0080-\u00BF])"
    R"(|\u00F0[\u0090-\u00BF][\u0080-\u00BF][\u0080-\u00BF]|[\u00F1-\u00F3][\u0080-\u00BF][\u0080-\u00BF][\u0080-\u00BF])"
    R"(|\u00F4[\u0080-\u008F][\u0080-\u00BF][\u0080-\u00BF])*$)";

std::string quoted(std::string_view name) { return postgres_dialect().quote_identifier(name); }

// A table's rows, of all its columns or of those that are asked for, as c0, c1 and so on; at most as many as allowed.
std::string sampled(const ProbeSpec& spec, const std::vector<ProbeColumn>& columns, bool address,
                    const std::string& where = {}) {
    std::string list = address ? "t.ctid AS address" : "";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        list += (list.empty() ? "" : ", ") + ("t." + quoted(columns[i].name) + " AS c" + std::to_string(i));
    }
    std::string sql = "SELECT " + list + " FROM " + (spec.children ? "" : "ONLY ") +
                      postgres_dialect().qualified(spec.schema, spec.table) + " AS t";
    if (spec.percent > 0 && spec.percent < 100) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1)",
                      std::max(spec.percent, 0.000001));
        sql += text.data();
    }
    return "(" + sql + where + (spec.rows > 0 ? " LIMIT " + std::to_string(spec.rows) : "") + ") AS t";
}

std::string shown(const std::vector<std::string>& values) {
    return "left(concat_ws(', ', " + joined(values, "::text, ") + "::text), 200)";
}

// Bytes of a value; 0 for NULL. What has no cheap length counts as it is stored, perhaps compressed.
std::string size_of(const ProbeColumn& column, const std::string& value, bool text_copy) {
    const bool plain = column.type == "text" || column.type == "varchar" || column.type == "bpchar";
    const std::string bytes =
        plain || column.type == "bytea" ? "octet_length(" + value + ")" : "pg_column_size(" + value + ")";
    // Two hexadecimal digits a byte.
    return "coalesce(" + bytes + "::bigint" + (column.type == "bytea" && text_copy ? " * 2" : "") + ", 0)";
}

class Values {
public:
    explicit Values(const ProbeSpec& spec) : spec_(spec) {}

    std::string sql() {
        std::vector<std::string> key;
        for (const ProbeColumn& column : spec_.key) {
            key.push_back(columns_.value(column));
        }
        key_ = key.empty() ? "t.address::text" : shown(key);
        std::string list = "count(*)";
        for (const ProbeCheck& check : spec_.checks) {
            list += ", " + (check.kind == "width" ? widest(check) : counted(check));
        }
        return "SELECT " + list + " FROM " + sampled(spec_, columns_.all(), key.empty());
    }

private:
    std::string counted(const ProbeCheck& check) {
        const std::string v = columns_.value(check.column);
        std::string condition;
        if (check.kind == "infinity") {
            condition = "NOT isfinite(" + v + ")";
        } else if (check.kind == "utf8") {
            condition = "NOT (" + v + "::text COLLATE \"C\" ~ " + postgres_dialect().quote_literal(kUtf8Pattern) + ")";
        } else {
            throw Error(ErrorKind::kConfig, "22023", "PostgreSQL's values cannot be asked for " + check.kind);
        }
        const std::string filter = " FILTER (WHERE " + condition + ")";
        // Text that is no UTF-8 cannot be sent.
        const std::string example = check.kind == "utf8" ? "NULL::text" : "min(" + key_ + " COLLATE \"C\")" + filter;
        return "count(*)" + filter + ", NULL::bigint, " + example;
    }

    std::string widest(const ProbeCheck& check) {
        std::string size;
        if (!check.column.name.empty()) {
            size = size_of(check.column, columns_.value(check.column), spec_.text_copy);
        } else {
            std::vector<std::string> sizes;
            for (const ProbeColumn& column : spec_.columns) {
                sizes.push_back(size_of(column, columns_.value(column), spec_.text_copy));
            }
            size = sizes.empty() ? "0" : joined(sizes, " + ");
        }
        // One pass: the key goes along with the size that it belongs to.
        return "count(*), max(" + size + "), substr(max((lpad((" + size + ")::text, 20, '0') || " + key_ +
               ") COLLATE \"C\"), 21)";
    }

    const ProbeSpec& spec_;
    ProbedColumns columns_;
    std::string key_;
};

std::string orphans(const ProbeSpec& spec) {
    std::vector<std::string> values;
    std::vector<std::string> present;
    std::vector<std::string> equal;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
        values.push_back(alias(i));
        present.push_back(alias(i) + " IS NOT NULL");
        equal.push_back("p." + quoted(spec.ref_columns[i].name) + " = " + alias(i));
    }
    std::vector<std::string> absent;
    for (const std::string& value : values) {
        absent.push_back(value + " IS NULL");
    }
    std::string condition =
        "(" + joined(present, " AND ") + " AND NOT EXISTS (SELECT FROM " + (spec.ref_children ? "" : "ONLY ") +
        postgres_dialect().qualified(spec.ref_schema, spec.ref_table) + " AS p WHERE " + joined(equal, " AND ") + "))";
    if (spec.match_full) {
        condition = "(" + condition + " OR (" + joined(present, " OR ") + ") AND (" + joined(absent, " OR ") + "))";
    }
    return "SELECT count(*), count(*) FILTER (WHERE t.orphan), NULL::bigint, min(t.shown COLLATE \"C\") FILTER (WHERE "
           "t.orphan) FROM (SELECT " +
           condition + " AS orphan, " + shown(values) + " AS shown FROM " + sampled(spec, spec.columns, false) +
           ") AS t";
}

std::string duplicates(const ProbeSpec& spec) {
    std::vector<std::string> values;
    std::vector<std::string> present;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
        values.push_back(alias(i));
        present.push_back("t." + quoted(spec.columns[i].name) + " IS NOT NULL");
    }
    return "SELECT coalesce(sum(t.n), 0)::bigint, count(*) FILTER (WHERE t.n > 1), max(t.n), min(t.shown COLLATE "
           "\"C\") FILTER (WHERE t.n > 1) FROM (SELECT count(*) AS n, min(" +
           shown(values) + " COLLATE \"C\") AS shown FROM " +
           sampled(spec, spec.columns, false, " WHERE " + joined(present, " AND ")) + " GROUP BY " +
           joined(values, ", ") + ") AS t";
}

}  // namespace

std::string postgres_probe(const ProbeSpec& spec) {
    return probe_select(spec, {[&spec] { return Values(spec).sql(); }, [&spec] { return orphans(spec); },
                               [&spec] { return duplicates(spec); }});
}

}  // namespace lakemover::source
