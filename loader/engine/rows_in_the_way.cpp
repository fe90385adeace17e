#include "loader/engine/rows_in_the_way.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lakemover::loader {

namespace {

constexpr int kExamples = 10;
constexpr std::size_t kMostShown = 200;  // characters of a key or row

// Behind the quoted text that begins at i; quotes in it are doubled.
std::size_t behind_quotes(std::string_view sql, std::size_t i) {
    const char quote = sql[i];
    for (++i; i < sql.size(); ++i)
        if (sql[i] == quote && (i + 1 >= sql.size() || sql[i + 1] != quote))
            return i + 1;
        else if (sql[i] == quote)
            ++i;
    return sql.size();
}

// Behind the parenthesis that closes the one at i; the end when none does.
std::size_t behind_parentheses(std::string_view sql, std::size_t i) {
    int depth = 0;
    while (i < sql.size()) {
        if (sql[i] == '\'' || sql[i] == '"') {
            i = behind_quotes(sql, i);
            continue;
        }
        if (sql[i] == '(') ++depth;
        if (sql[i] == ')' && --depth == 0) return i + 1;
        ++i;
    }
    return sql.size();
}

std::string quoted(const Pg& target, const Error& e) {
    return target.quote_ident(e.schema) + "." + target.quote_ident(e.table);
}

// Not of its children, which have keys of their own; but a partitioned table has its rows in its partitions.
std::string from_table(Pg& target, const std::string& table) {
    const bool partitioned = target.scalar(
                                 "SELECT coalesce((SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = "
                                 "pg_catalog.to_regclass($1)), false)",
                                 {table}) == "t";
    return (partitioned ? "" : "ONLY ") + table;
}

std::string shortened(std::string text) {
    if (text.size() <= kMostShown) return text;
    std::size_t end = kMostShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end) + "...";
}

// Of rows of a text and, where it has one, a number of rows.
std::string listed(const Result& r, const std::string& what, const std::string& of) {
    if (r.rows() == 0) return {};
    std::string text;
    for (int i = 0; i < std::min(r.rows(), kExamples); ++i) {
        text += (i > 0 ? ", " : "") + (of.empty() ? "" : "(" + of + ")=") + shortened(r.text(i, 0));
        if (r.columns() > 1) text += fmt::format(" {} row{}", r.get(i, 1), r.get(i, 1) == "1" ? "" : "s");
    }
    return "; " + what + ": " + text + (r.rows() > kExamples ? ", and more" : "");
}

std::string duplicates(Pg& target, const std::string& sql, const Error& e) {
    const std::optional<std::string> key = key_of_detail(e.detail);
    if (!key) return {};
    const std::string predicate = predicate_of_index(sql);
    std::string where = sql.find("NULLS NOT DISTINCT") == std::string::npos
                            ? fmt::format("pg_catalog.num_nulls({}) = 0", *key)
                            : std::string("true");
    if (!predicate.empty()) where += " AND (" + predicate + ")";
    return listed(target.exec(fmt::format("SELECT ROW({0})::text, count(*) FROM {1} WHERE {2} GROUP BY {0} HAVING "
                                          "count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {3}",
                                          *key, from_table(target, quoted(target, e)), where, kExamples + 1)),
                  "keys that are there more than once", *key);
}

// Whether the target has the constraint; where it does not, it gets it for the rest of the transaction.
bool have_constraint(Pg& target, const std::string& sql, const Error& e) {
    const auto there = [&] {
        return target
                   .query(
                       "SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass($1) AND conname = "
                       "$2",
                       {quoted(target, e), e.constraint})
                   .rows() == 1;
    };
    if (there()) return true;
    target.exec(sql + " NOT VALID");
    return there();
}

std::string orphans(Pg& target, const std::string& sql, const Error& e) {
    if (!have_constraint(target, sql, e)) return {};
    const Result r = target.query(
        "SELECT pg_catalog.string_agg(pg_catalog.format('c.%I', ca.attname), ', ' ORDER BY k.no), "
        "pg_catalog.string_agg(pg_catalog.format('p.%I = c.%I', pa.attname, ca.attname), ' AND ' ORDER BY k.no), "
        "pg_catalog.string_agg(pg_catalog.quote_ident(ca.attname), ', ' ORDER BY k.no), "
        "(SELECT pg_catalog.format('%I.%I', n.nspname, r.relname) FROM pg_catalog.pg_class r JOIN "
        "pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = f.confrelid) FROM pg_catalog.pg_constraint "
        "f, ROWS FROM (unnest(f.conkey), unnest(f.confkey)) WITH ORDINALITY k(c, p, no), pg_catalog.pg_attribute ca, "
        "pg_catalog.pg_attribute pa WHERE f.conrelid = pg_catalog.to_regclass($1) AND f.conname = $2 AND f.contype = "
        "'f' AND ca.attrelid = f.conrelid AND ca.attnum = k.c AND pa.attrelid = f.confrelid AND pa.attnum = k.p GROUP "
        "BY f.oid, f.confrelid",
        {quoted(target, e), e.constraint});
    if (r.rows() != 1) return {};
    const std::string parent = r.text(0, 3);
    return listed(target.exec(fmt::format(
                      "SELECT ROW({0})::text, count(*) FROM {1} c WHERE pg_catalog.num_nulls({0}) = 0 AND NOT EXISTS "
                      "(SELECT FROM {2} p WHERE {3}) GROUP BY {0} ORDER BY 2 DESC, 1 LIMIT {4}",
                      r.get(0, 0), from_table(target, quoted(target, e)), from_table(target, parent), r.get(0, 1),
                      kExamples + 1)),
                  "keys that " + parent + " does not have", r.text(0, 2));
}

// By their primary key, or else whole.
std::string rows_where(Pg& target, const Error& e, const std::string& condition) {
    const std::string table = quoted(target, e);
    const Value key = target.scalar(
        "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.no) FROM pg_catalog.pg_index "
        "i, unnest(i.indkey::int2[]) WITH ORDINALITY k(att, no), pg_catalog.pg_attribute a WHERE i.indrelid = "
        "pg_catalog.to_regclass($1) AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.att",
        {table});
    return listed(target.exec(fmt::format("SELECT {}::text FROM {} t WHERE {} ORDER BY 1 LIMIT {}",
                                          key ? "ROW(" + *key + ")" : std::string("(t.*)"), from_table(target, table),
                                          condition, kExamples + 1)),
                  "rows", key.value_or(""));
}

std::string violations(Pg& target, const std::string& sql, const Error& e) {
    if (!have_constraint(target, sql, e)) return {};
    const Value check = target.scalar(
        "SELECT (SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint WHERE conrelid = "
        "pg_catalog.to_regclass($1) AND conname = $2 AND contype = 'c')",
        {quoted(target, e), e.constraint});
    return check ? rows_where(target, e, "(" + *check + ") IS FALSE") : std::string();
}

std::string look(Pg& target, const std::string& sql, const Error& e) {
    if (e.sqlstate == "23505") return duplicates(target, sql, e);
    if (e.sqlstate == "23503") return orphans(target, sql, e);
    if (e.sqlstate == "23514") return violations(target, sql, e);
    if (e.sqlstate == "23502" && !e.column.empty())
        return rows_where(target, e, target.quote_ident(e.column) + " IS NULL");
    return {};
}

}  // namespace

std::optional<std::string> key_of_detail(std::string_view detail) {
    // The words around it are of the server's language.
    const std::size_t open = detail.find('(');
    if (open == std::string_view::npos) return std::nullopt;
    const std::size_t end = behind_parentheses(detail, open);
    if (end - open < 3 || detail.substr(end, 2) != "=(") return std::nullopt;
    return std::string(detail.substr(open + 1, end - open - 2));
}

std::string predicate_of_index(std::string_view sql) {
    constexpr std::string_view kWord = " WHERE ";
    for (std::size_t i = 0; i < sql.size();) {
        if (sql[i] == '\'' || sql[i] == '"')
            i = behind_quotes(sql, i);
        else if (sql[i] == '(')
            i = behind_parentheses(sql, i);
        else if (sql.substr(i, kWord.size()) == kWord)
            return std::string(sql.substr(i + kWord.size()));
        else
            ++i;
    }
    return {};
}

std::string rows_in_the_way(Pg& target, const std::string& sql, const Error& error) {
    if (error.table.empty() || !target.alive()) return {};
    std::string found;
    try {
        target.exec("BEGIN");
        target.exec("SET LOCAL statement_timeout = '60s'");
        target.exec("SET LOCAL lock_timeout = '10s'");
        found = look(target, sql, error);
    } catch (const Error&) {
        // Too many rows for the time, or no right to read them.
    }
    try {
        if (target.alive()) target.exec("ROLLBACK");
    } catch (const Error&) {
        // The next statement opens a session anew.
    }
    return found;
}

}  // namespace lakemover::loader
