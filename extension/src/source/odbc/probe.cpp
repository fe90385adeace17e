// See probe.hpp. Everything is compared by code units (Latin1_General_BIN2), since no other collation tells a NUL or half
// a surrogate pair from nothing; "=" ignores trailing blanks even so, bytes do not.
#include "source/odbc/probe.hpp"

#include <algorithm>
#include <optional>

#include "source/error.hpp"
#include "source/odbc/canonical.hpp"
#include "source/odbc/literal.hpp"
#include "source/odbc/types.hpp"

namespace lakemover::source::odbc {

namespace {

// A pattern's character classes: high and low halves of surrogate pairs. Made of bytes, since NCHAR() gives NULL for them
// in a database whose collation knows supplementary characters.
constexpr const char* kHigh = "CAST(0x00D8 AS nchar(1)) + N'-' + CAST(0xFFDB AS nchar(1))";
constexpr const char* kLow = "CAST(0x00DC AS nchar(1)) + N'-' + CAST(0xFFDF AS nchar(1))";

// Absent for a type that has no mapping: such a column is a finding of its own.
std::optional<SqlType> known_type(const ProbeColumn& column) {
    try {
        return parse_sql_type(column.type);
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool is_text(TypeKind kind) { return kind >= TypeKind::kChar && kind <= TypeKind::kNvarchar; }

std::string units(const std::string& value) {
    return "CAST(" + value + " AS nvarchar(max)) COLLATE Latin1_General_BIN2";
}

std::string table_of(const std::string& schema, const std::string& table, const char* as, bool memory_optimized) {
    return quote_name(schema) + "." + quote_name(table) + " AS " + as + (memory_optimized ? " WITH (SNAPSHOT)" : "");
}

std::string sampled(const ProbeSpec& spec, const std::vector<ProbeColumn>& columns, const std::string& where = {}) {
    std::string list;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        list += (list.empty() ? "" : ", ") + ("s." + quote_name(columns[i].name) + " AS c" + std::to_string(i));
    }
    return "(SELECT " + (spec.rows > 0 ? "TOP (" + std::to_string(spec.rows) + ") " : std::string()) +
           (list.empty() ? "1 AS nothing" : list) + " FROM " +
           table_of(spec.schema, spec.table, "s", spec.memory_optimized) + where + ") AS t";
}

std::string present(const std::vector<ProbeColumn>& columns) {
    std::vector<std::string> parts;
    for (const ProbeColumn& column : columns) {
        parts.push_back("s." + quote_name(column.name) + " IS NOT NULL");
    }
    return " WHERE " + joined(parts, " AND ");
}

// A value as people read it, at most 100 characters; NULL where its type has no short text.
std::string shown(const ProbeColumn& column, const std::string& value) {
    const auto type = known_type(column);
    if (!type || type->kind >= TypeKind::kXml) {
        return "CAST(NULL AS nvarchar(100))";
    }
    if (is_text(type->kind)) {
        return "CAST(" + value + " AS nvarchar(100))";
    }
    if (type->is_binary()) {
        return "CONVERT(nvarchar(100), " + value + ", 1)";
    }
    if (type->kind == TypeKind::kReal || type->kind == TypeKind::kFloat) {
        return "CONVERT(nvarchar(100), " + value + ", 2)";
    }
    return "CAST(" + bound_expression(*type, value, false) + " AS nvarchar(100))";
}

std::string shown(const std::vector<ProbeColumn>& columns, const std::vector<std::string>& values) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        parts.push_back("ISNULL(" + shown(columns[i], values[i]) + ", N'NULL')");
    }
    return joined(parts, " + N', ' + ");
}

class Values {
public:
    explicit Values(const ProbeSpec& spec) : spec_(spec) {}

    std::string sql() {
        std::vector<std::string> key;
        for (const ProbeColumn& column : spec_.key) {
            key.push_back(columns_.value(column));
        }
        key_ = key.empty() ? "CAST(NULL AS nvarchar(100))" : shown(spec_.key, key);
        std::string list = "COUNT_BIG(*)";
        for (const ProbeCheck& check : spec_.checks) {
            list += ", " + (check.kind == "width" ? widest(check) : counted(check));
        }
        return "SELECT " + list + " FROM " + sampled(spec_, columns_.all());
    }

private:
    std::string counted(const ProbeCheck& check) {
        const std::string v = columns_.value(check.column);
        std::string condition;
        if (check.kind == "nul") {
            condition = "CHARINDEX(NCHAR(0) COLLATE Latin1_General_BIN2, " + units(v) + ") > 0";
        } else if (check.kind == "surrogate") {
            const std::string like = units(v) + " LIKE ";
            const std::string high = kHigh;
            const std::string low = kLow;
            condition = "(" + like + "N'%[' + " + high + " + N'][^' + " + low + " + N']%' OR " + like + "N'%[' + " +
                        high + " + N']' OR " + like + "N'[' + " + low + " + N']%' OR " + like + "N'%[^' + " + high +
                        " + N'][' + " + low + " + N']%')";
        } else if (check.kind == "precision") {
            condition = "DATEPART(nanosecond, " + v + ") % 1000 <> 0";
        } else if (check.kind == "padding") {
            condition = "DATALENGTH(" + v + ") > DATALENGTH(RTRIM(" + v + "))";
        } else {
            throw Error(ErrorKind::kConfig, "22023", "SQL Server's values cannot be asked for " + check.kind);
        }
        return "COUNT_BIG(CASE WHEN " + condition + " THEN 1 END), CAST(NULL AS bigint), MIN(CASE WHEN " + condition +
               " THEN " + key_ + " END)";
    }

    std::string size_of(const ProbeColumn& column) {
        return "CAST(ISNULL(DATALENGTH(" + columns_.value(column) + "), 0) AS bigint)";
    }

    std::string widest(const ProbeCheck& check) {
        std::string size;
        if (!check.column.name.empty()) {
            size = size_of(check.column);
        } else {
            std::vector<std::string> sizes;
            for (const ProbeColumn& column : spec_.columns) {
                sizes.push_back(size_of(column));
            }
            size = sizes.empty() ? "CAST(0 AS bigint)" : joined(sizes, " + ");
        }
        // One pass: the key goes along with the size that it belongs to.
        return "COUNT_BIG(*), MAX(" + size + "), SUBSTRING(MAX(RIGHT(N'00000000000000000000' + CAST(" + size +
               " AS nvarchar(20)), 20) + " + key_ + "), 21, 400)";
    }

    const ProbeSpec& spec_;
    ProbedColumns columns_;
    std::string key_;
};

// What the target will compare: a fixed width's blanks do not count there either, others' do.
std::string compared(const ProbeColumn& column, const std::string& value) {
    const auto type = known_type(column);
    if (!type || !is_text(type->kind)) {
        return {};
    }
    const std::string text = type->is_padded() ? "RTRIM(" + value + ")" : value;
    return "CAST(CAST(" + text + " AS nvarchar(4000)) AS varbinary(8000))";
}

// Children without a parent, and children whose parent is one only while case, accents or trailing blanks do not count.
std::string orphans(const ProbeSpec& spec) {
    std::vector<std::string> equal;
    std::vector<std::string> same;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
        const std::string parent = "p." + quote_name(spec.ref_columns[i].name);
        values.push_back(alias(i));
        equal.push_back(parent + " = " + alias(i));
        const std::string left = compared(spec.ref_columns[i], parent);
        const std::string right = compared(spec.columns[i], alias(i));
        if (!left.empty() && !right.empty()) {
            same.push_back(left + " = " + right);
        }
    }
    const std::string parents = "EXISTS (SELECT 1 FROM " +
                                table_of(spec.ref_schema, spec.ref_table, "p", spec.ref_memory_optimized) + " WHERE " +
                                joined(equal, " AND ");
    const std::string exact = same.empty() ? parents + ")" : parents + " AND " + joined(same, " AND ") + ")";
    const std::string inner = "SELECT CASE WHEN " + parents + ") THEN 1 ELSE 0 END AS has_parent, CASE WHEN " + exact +
                              " THEN 1 ELSE 0 END AS has_same, " + shown(spec.columns, values) + " AS shown FROM " +
                              sampled(spec, spec.columns, present(spec.columns));
    const auto triple = [](const std::string& condition) {
        return "COUNT_BIG(CASE WHEN " + condition + " THEN 1 END), CAST(NULL AS bigint), MIN(CASE WHEN " + condition +
               " THEN x.shown END)";
    };
    return "SELECT COUNT_BIG(*), " + triple("x.has_parent = 0") + ", " + triple("x.has_parent = 1 AND x.has_same = 0") +
           " FROM (" + inner + ") AS x";
}

// A key column as it will be told apart: stored, after the policies for NULs and seventh digits; case, without it.
std::string folded(const ProbeColumn& column, const std::string& value, const std::string& fold) {
    const auto type = known_type(column);
    if (!type) {
        return value;
    }
    if (is_text(type->kind) && fold == "case") {
        return "UPPER(" + value + ")";
    }
    if (is_text(type->kind) && fold == "stored") {
        return "REPLACE(CAST(" + value +
               " AS nvarchar(4000)) COLLATE Latin1_General_BIN2, NCHAR(0) COLLATE "
               "Latin1_General_BIN2, N'')";
    }
    const bool fine =
        type->kind == TypeKind::kDatetime2 || type->kind == TypeKind::kTime || type->kind == TypeKind::kDatetimeoffset;
    if (fine && type->scale == 7 && fold == "stored") {
        return "DATEADD(nanosecond, -(DATEPART(nanosecond, " + value + ") % 1000), " + value + ")";
    }
    return value;
}

std::string duplicates(const ProbeSpec& spec) {
    std::vector<std::string> keys;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
        values.push_back(alias(i));
        keys.push_back(folded(spec.columns[i], alias(i), spec.fold));
    }
    return "SELECT ISNULL(SUM(x.n), 0), COUNT_BIG(CASE WHEN x.n > 1 THEN 1 END), MAX(x.n), MIN(CASE WHEN x.n > 1 THEN "
           "x.shown END) FROM (SELECT COUNT_BIG(*) AS n, MIN(" +
           shown(spec.columns, values) + ") AS shown FROM " + sampled(spec, spec.columns, present(spec.columns)) +
           " GROUP BY " + joined(keys, ", ") + ") AS x";
}

}  // namespace

std::string probe(const ProbeSpec& spec) {
    return probe_select(spec, {[&spec] { return Values(spec).sql(); }, [&spec] { return orphans(spec); },
                               [&spec] { return duplicates(spec); }});
}

}  // namespace lakemover::source::odbc
