// Foreign tables over SQL Server: T-SQL for what a scan needs, and the relations of its catalog. Pure zone; throws
// source::Error.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "source/foreign.hpp"
#include "source/odbc/types.hpp"

namespace lakemover::source::odbc {

class OdbcConnection;

// raw_unicode as in types.hpp.
const ForeignDialect& foreign_dialect(bool raw_unicode);
std::unique_ptr<ForeignSource> make_foreign_source(OdbcConnection& connection);

struct CheckedCondition {
    std::string sql;
    Checked checked = Checked::kExactly;
};
// Absent: see ForeignDialect::check().
std::optional<CheckedCondition> condition_sql(const ForeignCondition& condition);

// How a value is fetched for a column that was declared with codec: what canonical_value() and key_text() are told.
std::string read_codec(const SqlType& type, const std::string& codec);

// A type's name in T-SQL from what sys.columns says; max_length counts bytes.
std::string declared_type(const std::string& base, int max_length, int precision, int scale);

}  // namespace lakemover::source::odbc
