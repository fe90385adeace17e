// PostgreSQL's SQL for everything that is read of a planned table, on the source and on the target.
// Pure zone; throws source::Error for a plan that cannot be expressed.
#include "source/dialect.hpp"

#include <cstdio>

#include "source/postgres/canonical.hpp"
#include "source/postgres/large_objects.hpp"

namespace lakemover::source {

std::string Dialect::qualified(std::string_view schema, std::string_view name) const {
    return quote_identifier(schema) + "." + quote_identifier(name);
}

namespace {

using postgres::canonical_text;
using postgres::checksum_of;
using postgres::csv_hash;
using postgres::shown_hex;
using postgres::shown_text;

// Hashes are hex: every further zero keeps a sixteenth of the rows.
constexpr int kMaxPrefix = 12;

class PostgresDialect final : public Dialect {
public:
    std::string quote_identifier(std::string_view name) const override {
        std::string quoted = "\"";
        for (const char c : name) {
            quoted += c == '"' ? "\"\"" : std::string(1, c);
        }
        return quoted + '"';
    }

    // Right whatever standard_conforming_strings says: a backslash makes it an E'' string.
    std::string quote_literal(std::string_view text) const override {
        std::string quoted = text.find('\\') == std::string_view::npos ? "'" : " E'";
        for (const char c : text) {
            if (c == '\'' || c == '\\') {
                quoted += c;
            }
            quoted += c;
        }
        return quoted + "'";
    }

    std::string chunk_predicate(const TableSpec& spec, const ChunkRange& range) const override {
        std::string predicate;
        const auto add = [&predicate](const std::string& condition) {
            predicate += (predicate.empty() ? "" : " AND ") + condition;
        };
        if (range.method == ChunkMethod::kSingle) {
            if (range.lower || range.upper) {
                throw bad_plan(spec, "a chunk of method single has bounds");
            }
            return {};
        }
        if (spec.holds_large_objects()) {
            return {};  // from() has the bounds
        }
        if (range.method == ChunkMethod::kRowNumber) {
            throw bad_plan(spec, "row numbers are for SQL Server's tables without a key");
        }
        if (range.lower) {
            add(bound(spec, range.method, ">=", *range.lower));
        }
        if (range.upper) {
            add(bound(spec, range.method, "<", *range.upper));
        }
        return predicate;
    }

    std::string copy_out(const TableSpec& spec, const ChunkRange& range) const override {
        return "COPY (SELECT " + source_columns(spec) + from(spec, Side::kSource, range) +
               where(spec, Side::kSource, chunk_predicate(spec, range)) + ") TO STDOUT" + format(spec);
    }

    std::string count(const TableSpec& spec, Side side) const override {
        return "SELECT count(*)" + from(spec, side) + where(spec, side, {});
    }

    std::string page_count(const TableSpec& spec) const override {
        if (spec.holds_large_objects()) {
            return "SELECT 0";
        }
        return "SELECT pg_relation_size(" + quote_literal(qualified(spec.source_schema, spec.source_table)) +
               "::regclass, 'main') / current_setting('block_size')::bigint";
    }

    std::string copy_sample(const TableSpec& spec, std::int64_t rows, double percent) const override {
        return "COPY (SELECT " + source_columns(spec) + from(spec, Side::kSource) + tablesample(percent) +
               where(spec, Side::kSource, {}) + " LIMIT " + std::to_string(rows) + ") TO STDOUT" + format(spec);
    }

    std::string key_quantiles(const TableSpec& spec, int chunks, double percent) const override {
        std::string inner;
        std::string order;
        std::string texts;
        for (std::size_t i = 0; i < spec.key.size(); ++i) {
            const std::string column = quote_identifier(spec.key[i]);
            const std::string alias = "k" + std::to_string(i);
            const std::string comma = i == 0 ? "" : ", ";
            inner += comma + column + " AS " + alias;
            // The operator by name, as in chunk_predicate(): a type like citext has another order by
            // default than the one that its comparison finds without its schema in the search path.
            order += comma + column + " USING <";
            texts += comma + alias + "::text";
        }
        const std::string parts = std::to_string(chunks);
        return "SELECT ARRAY[" + texts + "]::text[] FROM (SELECT " + inner + ", row_number() OVER (ORDER BY " + order +
               ") AS rn, count(*) OVER () AS n" + from(spec, Side::kSource) + tablesample(percent) +
               where(spec, Side::kSource, {}) + ") AS q WHERE rn > 1 AND ((rn - 1) * " + parts +
               ") / n <> ((rn - 2) * " + parts + ") / n ORDER BY rn";
    }

    std::string sample_in_key_order(const TableSpec& spec, const ChunkRange& range, std::int64_t rows) const override {
        return "SELECT " + key_array(spec) + ", " + csv_hash(canonical_columns(spec, Side::kSource), spec.hash) +
               from(spec, Side::kSource, range) + where(spec, Side::kSource, chunk_predicate(spec, range)) +
               " ORDER BY " + key_list(spec) + " LIMIT " + std::to_string(rows);
    }

    std::string rows_in_key_order(const TableSpec& spec, std::int64_t rows) const override {
        return "SELECT " + key_array(spec) + ", " + field_arrays(spec, Side::kSource) + from(spec, Side::kSource) +
               where(spec, Side::kSource, {}) + " ORDER BY " + key_list(spec) + " LIMIT " + std::to_string(rows);
    }

    std::string sample_keyless(const TableSpec& spec, Side side, const std::string& limit) const override {
        std::string length = std::to_string(kMaxPrefix);
        for (int i = kMaxPrefix - 1; i >= 1; --i) {
            length = "CASE WHEN n.n <= (" + limit + ")::numeric * " + std::to_string(std::int64_t{1} << (4 * i)) +
                     " THEN " + std::to_string(i) + " ELSE " + length + " END";
        }
        return "WITH n AS (" + count_as_n(spec, side) + ") SELECT NULL::text[] AS row_key, s.row_hash FROM (SELECT " +
               csv_hash(canonical_columns(spec, side), spec.hash) + " AS row_hash" + from(spec, side) +
               where(spec, side, {}) + ") AS s, n WHERE n.n <= " + limit + " OR s.row_hash LIKE repeat('0', " + length +
               ") || '%'";
    }

    std::string rows_keyless(const TableSpec& spec, Side side, const std::string& limit) const override {
        return "SELECT NULL::text[] AS row_key, " + field_arrays(spec, side) + from(spec, side) +
               where(spec, side, {}) + " ORDER BY " + csv_hash(canonical_columns(spec, side), spec.hash) +
               " COLLATE \"C\" LIMIT " + limit;
    }

    std::string checksum(const TableSpec& spec, Side side) const override {
        return checksum_of("SELECT " + csv_hash(canonical_columns(spec, side), spec.hash) + " AS h" + from(spec, side) +
                               where(spec, side, {}),
                           spec.hash);
    }

    std::string copy_in(const TableSpec& spec) const override {
        // "()" is no SQL; without a list COPY takes all columns but the generated ones, and these are none.
        const std::string columns = target_columns(spec);
        return "COPY " +
               (spec.holds_large_objects() ? postgres::large_object_waiting_room()
                                           : qualified(spec.target_schema, spec.target_table)) +
               (columns.empty() ? "" : " (" + columns + ")") + " FROM STDIN" + format(spec);
    }

    // Without NOT NULL, generated columns and the rest that LIKE would copy.
    std::string fill_table(const TableSpec& spec) const override {
        return "CREATE TEMPORARY TABLE " + fill_name(spec) + " ON COMMIT DELETE ROWS AS SELECT " +
               target_columns(spec) + from(spec, Side::kTarget) + " WITH NO DATA";
    }

    std::string fill_copy(const TableSpec& spec) const override {
        return "COPY pg_temp." + fill_name(spec) + " (" + target_columns(spec) + ") FROM STDIN" + format(spec);
    }

    std::string fill_update(const TableSpec& spec) const override {
        std::string set;
        for (const ColumnSpec& column : spec.columns) {
            if (column.pass == 2) {
                const std::string name = quote_identifier(column.target_name);
                set += (set.empty() ? "" : ", ") + name + " = s." + name;
            }
        }
        std::string same;
        for (const std::string& key : spec.key) {
            const std::string name = quote_identifier(copied_key(spec, key).target_name);
            same += (same.empty() ? "t." : " AND t.") + name + " = s." + name;
        }
        if (set.empty() || same.empty()) {
            throw bad_plan(spec, set.empty() ? "it has no second pass" : "the table has no key");
        }
        return "UPDATE ONLY " + qualified(spec.target_schema, spec.target_table) + " AS t SET " + set +
               " FROM pg_temp." + fill_name(spec) + " AS s WHERE " + same;
    }

    std::string copy_back(const TableSpec& spec) const override {
        std::string list;
        for (const ColumnSpec& column : spec.columns) {
            list += (list.empty() ? "" : ", ") + column.on_target.value_or(quote_identifier(column.target_name));
        }
        return "COPY (SELECT " + list + from(spec, Side::kTarget) + " %RANGE%) TO STDOUT" + format(spec);
    }

    std::string sample_by_key(const TableSpec& spec) const override {
        return "SELECT " + asked_key(spec) + " AS row_key, " +
               csv_hash(canonical_columns(spec, Side::kTarget), spec.hash) + " AS row_hash" + join_keys(spec);
    }

    std::string rows_by_key(const TableSpec& spec) const override {
        return "SELECT " + asked_key(spec) + " AS row_key, " + field_arrays(spec, Side::kTarget) + join_keys(spec);
    }

private:
    static Error bad_plan(const TableSpec& spec, const std::string& what) {
        return {ErrorKind::kConfig, "22023",
                "the plan of table \"" + spec.source_schema + "\".\"" + spec.source_table + "\" cannot be carried out",
                what, "plan again and start a new run"};
    }

    static std::string fill_name(const TableSpec& spec) { return "lakemover_fill_" + std::to_string(spec.table_id); }

    static std::string format(const TableSpec& spec) {
        return spec.format == CopyFormat::kBinary ? " (FORMAT binary)" : " (FORMAT text)";
    }

    // ONLY: partitions and inheriting tables are tables of their own in a plan.
    std::string from(const TableSpec& spec, Side side, const ChunkRange& range = {}) const {
        if (!spec.copies_rows) {
            throw bad_plan(spec, "a partitioned table holds no rows of its own");
        }
        return " FROM " + relation(spec, side, range) + " AS t";
    }

    std::string relation(const TableSpec& spec, Side side, const ChunkRange& range = {}) const {
        if (spec.holds_large_objects()) {
            return postgres::large_object_pieces(spec, side == Side::kTarget, range);
        }
        return "ONLY " + (side == Side::kSource ? qualified(spec.source_schema, spec.source_table)
                                                : qualified(spec.target_schema, spec.target_table));
    }

    static std::string tablesample(double percent) {
        if (percent <= 0.0 || percent >= 100.0) {
            return {};
        }
        char text[64];
        std::snprintf(text, sizeof text, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1)",
                      percent < 0.000001 ? 0.000001 : percent);
        return text;
    }

    // The operator's filter stands on lines of its own: it may end in a comment.
    static std::string where(const TableSpec& spec, Side side, const std::string& predicate) {
        std::string clause = predicate;
        if (side == Side::kSource && spec.row_filter) {
            clause += std::string(clause.empty() ? "" : " AND ") + "(\n" + *spec.row_filter + "\n)";
        }
        return clause.empty() ? std::string() : " WHERE " + clause;
    }

    // A column as it is copied: itself, or the expression that replaces it.
    std::string copied(const ColumnSpec& column) const {
        return column.select ? "(\n" + *column.select + "\n)" : quote_identifier(column.name);
    }

    std::string source_columns(const TableSpec& spec) const {
        std::string list;
        for (const ColumnSpec& column : spec.columns) {
            list += (list.empty() ? "" : ", ") + copied(column);
        }
        return list;
    }

    std::string target_columns(const TableSpec& spec) const {
        std::string list;
        for (const ColumnSpec& column : spec.columns) {
            list += (list.empty() ? "" : ", ") + quote_identifier(column.target_name);
        }
        return list;
    }

    std::string on_target(const ColumnSpec& column) const {
        return column.on_target.value_or("t." + quote_identifier(column.target_name));
    }

    std::vector<std::string> canonical_columns(const TableSpec& spec, Side side) const {
        std::vector<std::string> texts;
        for (const ColumnSpec& column : spec.columns) {
            texts.push_back(side == Side::kSource ? canonical_text(copied(column), column.codec)
                                                  : canonical_text(on_target(column), column.target_codec));
        }
        return texts;
    }

    std::string field_arrays(const TableSpec& spec, Side side) const {
        std::string fields;
        std::string hex;
        for (const ColumnSpec& column : spec.columns) {
            const std::string value = side == Side::kSource ? copied(column) : on_target(column);
            const std::string& codec = side == Side::kSource ? column.codec : column.target_codec;
            fields += (fields.empty() ? "" : ", ") + shown_text(value, codec);
            hex += (hex.empty() ? "" : ", ") + shown_hex(value, codec);
        }
        return "ARRAY[" + fields + "]::text[] AS fields, ARRAY[" + hex + "]::text[] AS hex";
    }

    std::string count_as_n(const TableSpec& spec, Side side) const {
        return "SELECT count(*) AS n" + from(spec, side) + where(spec, side, {});
    }

    std::string key_list(const TableSpec& spec) const {
        if (spec.key.empty()) {
            throw bad_plan(spec, "the table has no key");
        }
        std::string list;
        for (const std::string& column : spec.key) {
            list += (list.empty() ? "" : ", ") + std::string("t.") + quote_identifier(column);
        }
        return list;
    }

    const ColumnSpec& copied_key(const TableSpec& spec, const std::string& name) const {
        const ColumnSpec* column = spec.column(name);
        if (column == nullptr) {
            throw bad_plan(spec, "key column \"" + name + "\" is not copied");
        }
        return *column;
    }

    // The key as the target will have it, for the target to find the row by.
    std::string key_array(const TableSpec& spec) const {
        std::string texts;
        for (const std::string& name : spec.key) {
            texts += (texts.empty() ? "(" : ", (") + copied(copied_key(spec, name)) + ")::text";
        }
        return "ARRAY[" + texts + "]::text[] AS row_key";
    }

    std::string asked_key(const TableSpec& spec) const {
        std::string texts;
        for (std::size_t i = 0; i < spec.key.size(); ++i) {
            texts += (i == 0 ? "" : ", ") + ("k.tuple ->> " + std::to_string(i));
        }
        return "ARRAY[" + texts + "]::text[]";
    }

    std::string join_keys(const TableSpec& spec) const {
        std::string condition;
        for (std::size_t i = 0; i < spec.key.size(); ++i) {
            const ColumnSpec& column = copied_key(spec, spec.key[i]);
            condition += (i == 0 ? "" : " AND ") + on_target(column) + " = (k.tuple ->> " + std::to_string(i) +
                         ")::" + column.target_type;
        }
        if (condition.empty()) {
            throw bad_plan(spec, "the table has no key");
        }
        return " FROM json_array_elements($1::json) AS k(tuple) JOIN " + relation(spec, Side::kTarget) + " AS t ON " +
               condition;
    }

    std::string bound(const TableSpec& spec, ChunkMethod method, const char* comparison,
                      const std::vector<std::string>& values) const {
        if (method == ChunkMethod::kCtid) {
            return ctid_bound(spec, comparison, values);
        }
        if (spec.key.empty() || values.size() != spec.key.size()) {
            throw bad_plan(spec, "a chunk's bound has " + std::to_string(values.size()) + " values for a key of " +
                                     std::to_string(spec.key.size()) + " columns");
        }
        std::string columns;
        std::string literals;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const ColumnSpec* column = spec.column(spec.key[i]);
            const std::string comma = i == 0 ? "" : ", ";
            columns += comma + quote_identifier(spec.key[i]);
            // A key column that is not copied has no type in the plan: an untyped literal takes the column's.
            literals += comma + quote_literal(values[i]) + (column != nullptr ? "::" + column->source_type : "");
        }
        if (values.size() == 1) {
            return columns + " " + comparison + " " + literals;
        }
        return "(" + columns + ") " + comparison + " ROW(" + literals + ")";
    }

    std::string ctid_bound(const TableSpec& spec, const char* comparison,
                           const std::vector<std::string>& values) const {
        if (values.size() != 1 || values[0].empty() || values[0].size() > 10 ||
            values[0].find_first_not_of("0123456789") != std::string::npos) {
            throw bad_plan(spec, "a ctid chunk's bound is not a page number");
        }
        return std::string("ctid ") + comparison + " '(" + values[0] + ",0)'::tid";
    }
};

}  // namespace

const Dialect& postgres_dialect() {
    static const PostgresDialect dialect;
    return dialect;
}

}  // namespace lakemover::source
