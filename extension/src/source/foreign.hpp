// Foreign tables over engines whose SQL is not PostgreSQL's: what the wrapper asks of such a source, and the
// conditions that it would like to leave to it. Pure zone; throws source::Error, and what the waiter throws.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/driver.hpp"

namespace lakemover::source {

// A column as the source's catalog has it, and as the foreign table declares it.
struct ForeignColumn {
    std::string name;
    std::string type;       // as the source declares it: "nvarchar(50)"
    std::string collation;  // as the source names it; empty: no text
    bool not_null = false;
    std::string codec;                // the declared type's pg_type.typname, domains followed
    std::optional<int> codec_digits;  // behind the point, of a numeric that has a limit
};

struct ForeignRelation {
    std::string name;
    char kind = 'r';              // r table, v view
    std::int64_t rows = -1;       // the catalog's number; negative: it has none
    bool outside_points = false;  // cannot be read in the session's transaction (memory-optimized)
    std::vector<ForeignColumn> columns;
};

// A condition over one relation's columns; nothing in it negates another. Values are PostgreSQL's text under
// fdw/text_settings.hpp, never NULL.
struct ForeignCondition {
    enum class Kind {
        kCompare,
        kAny,   // equal to one of the values
        kNone,  // equal to none of them
        kIsNull,
        kIsNotNull,
        kAnd,
        kOr
    };
    Kind kind = Kind::kAnd;
    ForeignColumn column;
    std::string op;  // of kCompare: = <> < <= > >=
    std::vector<std::string> values;
    std::vector<ForeignCondition> parts;
};

// How well the source checks a condition: with the same rows as PostgreSQL, or with those and perhaps more.
enum class Checked { kExactly, kLoosely };

struct ForeignQuery {
    std::string schema;
    std::string table;
    bool outside_points = false;
    std::vector<ForeignColumn> columns;
    std::vector<ForeignCondition> conditions;
    bool count = false;  // the number of rows instead of them
    std::optional<std::int64_t> limit;
    double sample_percent = 100;
};

// Stateless and immortal: plans keep pointers to it.
class ForeignDialect {
public:
    virtual ~ForeignDialect() = default;
    // Absent: the source cannot check it, or not without losing rows.
    virtual std::optional<Checked> check(const ForeignCondition& condition) const = 0;
    // Conditions are what check() let through. Throws 0A000 for a column whose type cannot be read.
    virtual std::string select(const ForeignQuery& query) const = 0;
};

struct ForeignRead {
    std::string sql;  // of the source's dialect
    std::vector<ForeignColumn> columns;
    bool outside_points = false;
};

class ForeignSource {
public:
    virtual ~ForeignSource() = default;
    virtual const ForeignDialect& dialect() const = 0;
    // After Connection::begin(): reads at one point in time as far as the engine can; whether it can.
    virtual bool begin_reading() = 0;
    virtual bool has_schema(const std::string& schema) = 0;
    // Tables and views of a schema, or the one of that name.
    virtual std::vector<ForeignRelation> relations(const std::string& schema,
                                                   const std::optional<std::string>& name) = 0;
    // Rows as text for the input functions of the columns' types.
    virtual std::unique_ptr<Cursor> open_cursor(const ForeignRead& read, int fetch_size) = 0;
};

}  // namespace lakemover::source
