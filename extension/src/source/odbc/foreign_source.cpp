// What foreign tables ask of a SQL Server connection: its catalog, and cursors whose values are finished as those of
// the validation's canonical text. Pure zone; throws source::Error and what the waiter throws.
#include "source/odbc/canonical.hpp"
#include "source/odbc/connection.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/foreign.hpp"
#include "source/odbc/known_answers.hpp"

namespace lakemover::source::odbc {

namespace {

// A foreign table has no place to declare a loss in: text that PostgreSQL cannot store is an error. So a condition
// on text never misses a row whose characters were changed on the way.
Policy strict_policy() {
    Policy policy;
    policy.nul = Policy::Nul::kFail;
    policy.surrogate = Policy::Surrogate::kFail;
    return policy;
}

class ForeignCursor final : public Cursor {
public:
    ForeignCursor(std::unique_ptr<Cursor> raw, const std::vector<ForeignColumn>& columns, bool raw_unicode)
        : raw_(std::move(raw)), raw_unicode_(raw_unicode) {
        for (const ForeignColumn& column : columns) {
            const SqlType type = parse_sql_type(column.type);
            columns_.push_back({column.name, type, read_codec(type, column.codec)});
        }
    }

    const std::vector<TextRow>& fetch() override {
        rows_ = raw_->fetch();
        for (TextRow& row : rows_) {
            for (std::size_t i = 0; i < columns_.size(); ++i) {
                finish(columns_[i], row.at(i));
            }
        }
        return rows_;
    }
    void rewind() override { raw_->rewind(); }
    void close() override { raw_->close(); }

private:
    struct Column {
        std::string name;
        SqlType type;
        std::string codec;
    };

    void finish(const Column& column, TextValue& value) const {
        if (!value) {
            return;
        }
        try {
            const TextValue text = canonical_value(column.type, column.codec, policy_, raw_unicode_, value);
            value = key_text(column.codec, *text);
        } catch (Error& error) {
            error.detail += (error.detail.empty() ? "" : "; ") + std::string("column \"") + column.name +
                            "\" of type " + column.type.name + " on the source";
            throw;
        }
    }

    std::unique_ptr<Cursor> raw_;
    std::vector<Column> columns_;
    const Policy policy_ = strict_policy();
    bool raw_unicode_;
    std::vector<TextRow> rows_;
};

int number(const TextValue& value) { return value ? std::stoi(*value) : 0; }

class OdbcForeignSource final : public ForeignSource {
public:
    explicit OdbcForeignSource(OdbcConnection& connection) : connection_(connection) {}

    const ForeignDialect& dialect() const override { return foreign_dialect(connection_.abilities().raw_unicode); }

    bool begin_reading() override { return connection_.begin_reading(); }

    bool has_schema(const std::string& schema) override {
        return !connection_.query("SELECT 1 FROM sys.schemas AS s WHERE s.name = " + quote_unicode(schema), {})
                    .rows.empty();
    }

    std::vector<ForeignRelation> relations(const std::string& schema, const std::optional<std::string>& name) override {
        const TextResult found = connection_.query(
            "SELECT o.name, RTRIM(CAST(o.type AS nvarchar(2))), CAST(COALESCE(p.n, -1) AS bigint), "
            "CAST(COALESCE(t.is_memory_optimized, 0) AS int), c.name, "
            "CASE WHEN y.is_user_defined = 1 THEN COALESCE(TYPE_NAME(c.system_type_id), y.name) ELSE y.name END, "
            "CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.collation_name, "
            "CAST(c.is_nullable AS int) FROM sys.schemas AS s JOIN sys.objects AS o ON o.schema_id = s.schema_id "
            "JOIN sys.columns AS c ON c.object_id = o.object_id JOIN sys.types AS y ON y.user_type_id = c.user_type_id "
            "LEFT JOIN sys.tables AS t ON t.object_id = o.object_id "
            "LEFT JOIN (SELECT x.object_id, SUM(x.rows) AS n FROM sys.partitions AS x WHERE x.index_id IN (0, 1) "
            "GROUP BY x.object_id) AS p ON p.object_id = o.object_id WHERE s.name = " +
                quote_unicode(schema) + " AND o.type IN ('U', 'V')" +
                (name ? " AND o.name = " + quote_unicode(*name) : std::string()) +
                " ORDER BY o.name, o.object_id, c.column_id",
            {});
        std::vector<ForeignRelation> relations;
        for (const TextRow& row : found.rows) {
            if (relations.empty() || relations.back().name != row[0]) {
                ForeignRelation relation;
                relation.name = row[0].value_or("");
                relation.kind = row[1] == "V" ? 'v' : 'r';
                relation.rows = row[2] && relation.kind == 'r' ? std::stoll(*row[2]) : -1;
                relation.outside_points = number(row[3]) == 1;
                relations.push_back(std::move(relation));
            }
            ForeignColumn column;
            column.name = row[4].value_or("");
            column.type = declared_type(row[5].value_or(""), number(row[6]), number(row[7]), number(row[8]));
            column.collation = row[9].value_or("");
            column.not_null = number(row[10]) == 0;
            relations.back().columns.push_back(std::move(column));
        }
        return relations;
    }

    std::unique_ptr<Cursor> open_cursor(const ForeignRead& read, int fetch_size) override {
        TableSpec spec;
        for (const ForeignColumn& column : read.columns) {
            ColumnSpec& added = spec.columns.emplace_back();
            added.name = column.name;
            added.source_type = column.type;
        }
        if (!spec.columns.empty()) {
            require_known_types(connection_, spec);
        }
        return std::make_unique<ForeignCursor>(
            connection_.open_reading_cursor(read.sql, fetch_size, read.outside_points), read.columns,
            connection_.abilities().raw_unicode);
    }

private:
    OdbcConnection& connection_;
};

}  // namespace

std::unique_ptr<ForeignSource> make_foreign_source(OdbcConnection& connection) {
    return std::make_unique<OdbcForeignSource>(connection);
}

}  // namespace lakemover::source::odbc
