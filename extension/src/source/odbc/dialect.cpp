// See dialect.hpp.
#include "source/odbc/dialect.hpp"

#include "source/error.hpp"
#include "source/odbc/canonical.hpp"
#include "source/odbc/types.hpp"

namespace lakemover::source::odbc {

namespace {

Error bad_plan(const TableSpec& spec, const std::string& what) {
    return {ErrorKind::kConfig, "22023",
            "the plan of table \"" + spec.source_schema + "\".\"" + spec.source_table + "\" cannot be carried out",
            what, "plan again and start a new run"};
}

const ColumnSpec& key_column(const TableSpec& spec, const std::string& name) {
    const ColumnSpec* column = spec.column(name);
    if (column == nullptr) {
        throw bad_plan(spec, "key column \"" + name + "\" is not copied");
    }
    return *column;
}

// A column as it is copied: itself, or the expression that replaces it.
std::string copied(const ColumnSpec& column) {
    return column.select ? "(\n" + *column.select + "\n)" : "t." + quote_name(column.name);
}

std::string literal(const TableSpec& spec, std::size_t i, const std::vector<std::string>& bound) {
    const ColumnSpec& column = key_column(spec, spec.key[i]);
    return bound_literal(parse_sql_type(column.source_type), column.collation.value_or(""), bound[i]);
}

// T-SQL has no row comparison: (a, b) >= (x, y) is a > x OR (a = x AND b >= y).
std::string compare(const TableSpec& spec, const std::vector<std::string>& bound, bool from) {
    if (bound.size() != spec.key.size() || bound.empty()) {
        throw bad_plan(spec, "a chunk's bound has " + std::to_string(bound.size()) + " values for a key of " +
                                 std::to_string(spec.key.size()) + " columns");
    }
    std::string condition;
    std::string close;
    for (std::size_t i = 0; i < bound.size(); ++i) {
        const std::string column = "t." + quote_name(spec.key[i]);
        const std::string value = literal(spec, i, bound);
        if (i + 1 == bound.size()) {
            condition += column + (from ? " >= " : " < ") + value;
        } else {
            condition += column + (from ? " > " : " < ") + value + " OR (" + column + " = " + value + " AND (";
            close += "))";
        }
    }
    std::string whole = "(" + condition + close + ")";
    if (bound.size() > 1) {
        // Implied by the rest, but the one form that every version turns into an index seek.
        whole += " AND t." + quote_name(spec.key[0]) + (from ? " >= " : " <= ") + literal(spec, 0, bound);
    }
    return whole;
}

}  // namespace

std::string source_table(const TableSpec& spec) {
    return quote_name(spec.source_schema) + "." + quote_name(spec.source_table) + " AS t" +
           (spec.memory_optimized ? " WITH (SNAPSHOT)" : "");
}

std::string copied_columns(const TableSpec& spec, bool raw_unicode) {
    std::string list;
    for (const bool long_ones : {false, true}) {
        for (const ColumnSpec& column : spec.columns) {
            const SqlType type = parse_sql_type(column.source_type);
            if (binding_of(type, raw_unicode).is_long() == long_ones) {
                list += (list.empty() ? "" : ", ") + select_expression(type, copied(column), raw_unicode);
            }
        }
    }
    // A table without columns to copy still has rows.
    return list.empty() ? "1" : list;
}

// The table with its rows numbered as this one statement happens to meet them, and which of them the chunk has.
std::string numbered_table(const TableSpec& spec, const ChunkRange& range) {
    const auto number = [&spec](const std::vector<std::string>& bound) {
        if (bound.size() != 1 || bound[0].empty() || bound[0].find_first_not_of("0123456789") != std::string::npos) {
            throw bad_plan(spec, "a bound of method row_number is not a number");
        }
        return bound[0];
    };
    const std::string column = quote_name("lakemover row number");
    std::string condition;
    if (range.lower) {
        condition = "t." + column + " >= " + number(*range.lower);
    }
    if (range.upper) {
        condition += (condition.empty() ? "" : " AND ") + ("t." + column + " < " + number(*range.upper));
    }
    return "(SELECT t.*, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS " + column + " FROM " + source_table(spec) +
           where_clause(spec, {}) + ") AS t" + (condition.empty() ? "" : " WHERE " + condition);
}

std::string where_clause(const TableSpec& spec, const ChunkRange& range) {
    std::string clause;
    const auto add = [&clause](const std::string& condition) { clause += (clause.empty() ? "" : " AND ") + condition; };
    if (range.method == ChunkMethod::kCtid) {
        throw bad_plan(spec, "SQL Server has no row addresses to cut a table by");
    }
    if (range.method == ChunkMethod::kSingle && (range.lower || range.upper)) {
        throw bad_plan(spec, "a chunk of method single has bounds");
    }
    if (range.lower) {
        add(compare(spec, *range.lower, true));
    }
    if (range.upper) {
        add(compare(spec, *range.upper, false));
    }
    if (spec.row_filter) {
        // On lines of its own: it may end in a comment.
        add("(\n" + *spec.row_filter + "\n)");
    }
    return clause.empty() ? std::string() : " WHERE " + clause;
}

std::string select_rows(const TableSpec& spec, const ChunkRange& range, bool raw_unicode) {
    if (range.method == ChunkMethod::kRowNumber) {
        return "SELECT " + copied_columns(spec, raw_unicode) + " FROM " + numbered_table(spec, range);
    }
    return "SELECT " + copied_columns(spec, raw_unicode) + " FROM " + source_table(spec) + where_clause(spec, range);
}

std::string select_first_rows(const TableSpec& spec, std::int64_t rows, bool raw_unicode) {
    return "SELECT TOP (" + std::to_string(rows) + ") " + copied_columns(spec, raw_unicode) + " FROM " +
           source_table(spec) + where_clause(spec, {});
}

std::string count_rows(const TableSpec& spec) {
    return "SELECT COUNT_BIG(*) FROM " + source_table(spec) + where_clause(spec, {});
}

std::string key_list(const TableSpec& spec) {
    if (spec.key.empty()) {
        throw bad_plan(spec, "the table has no key");
    }
    std::string list;
    for (const std::string& name : spec.key) {
        list += (list.empty() ? "t." : ", t.") + quote_name(name);
    }
    return list;
}

std::string key_quantiles(const TableSpec& spec, int chunks, bool raw_unicode) {
    std::string inner;
    std::string outer;
    std::string order;
    for (std::size_t i = 0; i < spec.key.size(); ++i) {
        const ColumnSpec& column = key_column(spec, spec.key[i]);
        const std::string alias = "k" + std::to_string(i);
        const std::string comma = i == 0 ? "" : ", ";
        inner += comma + "t." + quote_name(column.name) + " AS " + alias;
        outer += comma + bound_expression(parse_sql_type(column.source_type), "q." + alias, raw_unicode);
        order += comma + "t." + quote_name(column.name);
    }
    // The engine's own order, so that it is the order of its comparisons; a scan of the key's index, and counted.
    const std::string parts = std::to_string(chunks);
    return "SELECT " + outer + " FROM (SELECT " + inner + ", ROW_NUMBER() OVER (ORDER BY " + order +
           ") AS rn, COUNT_BIG(*) OVER () AS n FROM " + source_table(spec) + where_clause(spec, {}) +
           ") AS q WHERE q.rn > 1 AND ((q.rn - 1) * " + parts + ") / q.n <> ((q.rn - 2) * " + parts +
           ") / q.n ORDER BY q.rn";
}

}  // namespace lakemover::source::odbc
