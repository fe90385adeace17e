// See foreign.hpp.
#include "source/odbc/foreign.hpp"

#include "source/odbc/canonical.hpp"
#include "source/odbc/dialect.hpp"

namespace lakemover::source::odbc {

namespace {

std::string from_clause(const ForeignQuery& query) {
    TableSpec spec;
    spec.source_schema = query.schema;
    spec.source_table = query.table;
    spec.memory_optimized = query.outside_points;
    return " FROM " + source_table(spec);
}

class TsqlForeignDialect final : public ForeignDialect {
public:
    explicit TsqlForeignDialect(bool raw_unicode) : raw_unicode_(raw_unicode) {}

    std::optional<Checked> check(const ForeignCondition& condition) const override {
        const auto checked = condition_sql(condition);
        return checked ? std::optional(checked->checked) : std::nullopt;
    }

    std::string select(const ForeignQuery& query) const override {
        std::string sql = "SELECT ";
        if (query.limit) {
            sql += "TOP (" + std::to_string(*query.limit) + ") ";
        }
        sql += (query.count ? "COUNT_BIG(*)" : columns(query)) + from_clause(query);
        if (query.sample_percent < 100) {
            sql += " TABLESAMPLE SYSTEM (" + std::to_string(query.sample_percent) + " PERCENT)";
        }
        const char* word = " WHERE ";
        for (const ForeignCondition& condition : query.conditions) {
            const auto checked = condition_sql(condition);
            if (!checked) {
                throw Error(ErrorKind::kInternal, "XX000", "a condition cannot be written in T-SQL");
            }
            sql += word + checked->sql;
            word = " AND ";
        }
        return sql;
    }

private:
    std::string columns(const ForeignQuery& query) const {
        std::string list;
        for (const ForeignColumn& column : query.columns) {
            const SqlType type = parse_sql_type(column.type);
            list += (list.empty() ? "" : ", ") + canonical_expression(type, "t." + quote_name(column.name),
                                                                      read_codec(type, column.codec), raw_unicode_);
        }
        return list.empty() ? "1" : list;  // only the number of rows matters
    }

    bool raw_unicode_;
};

}  // namespace

const ForeignDialect& foreign_dialect(bool raw_unicode) {
    static const TsqlForeignDialect raw(true);
    static const TsqlForeignDialect converted(false);
    return raw_unicode ? raw : converted;
}

// The form that the type has of its own wherever the declared type does not ask for another one that it can have:
// what canonical_value() and key_text() do for other pairs is of no use to an input function.
std::string read_codec(const SqlType& type, const std::string& codec) {
    const auto either = [&codec](const char* other, const char* own) { return codec == other ? other : own; };
    const bool text = codec == "text" || codec == "varchar" || codec == "bpchar";
    switch (type.kind) {
        case TypeKind::kBit: return either("bool", "int8");
        case TypeKind::kTinyint:
        case TypeKind::kSmallint:
        case TypeKind::kInt:
        case TypeKind::kBigint:
        case TypeKind::kDecimal:
        case TypeKind::kMoney:
        case TypeKind::kSmallmoney: return "numeric";
        case TypeKind::kReal: return either("float8", "float4");
        case TypeKind::kFloat: return "float8";
        case TypeKind::kDate: return either("timestamp", "date");
        case TypeKind::kTime: return text ? "text" : "time";
        case TypeKind::kDatetime:
        case TypeKind::kSmalldatetime:
        case TypeKind::kDatetime2:
        case TypeKind::kDatetimeoffset: return text ? "text" : either("timestamptz", "timestamp");
        case TypeKind::kUniqueidentifier: return "uuid";
        case TypeKind::kBinary:
        case TypeKind::kVarbinary:
        case TypeKind::kRowversion: return either("int8", "bytea");
        default: return either("bpchar", "text");
    }
}

std::string declared_type(const std::string& base, int max_length, int precision, int scale) {
    const auto sized = [&base](const std::string& inside) { return base + "(" + inside + ")"; };
    if (base == "char" || base == "varchar" || base == "binary" || base == "varbinary") {
        return sized(max_length < 0 ? "max" : std::to_string(max_length));
    }
    if (base == "nchar" || base == "nvarchar") {
        return sized(max_length < 0 ? "max" : std::to_string(max_length / 2));
    }
    if (base == "decimal" || base == "numeric") {
        return "decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    }
    if (base == "time" || base == "datetime2" || base == "datetimeoffset") {
        return sized(std::to_string(scale));
    }
    if (base == "float" && precision <= 24) {
        return "real";
    }
    return base == "timestamp" ? "rowversion" : base == "sysname" ? "nvarchar(128)" : base;
}

}  // namespace lakemover::source::odbc
