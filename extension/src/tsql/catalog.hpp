// What the converter knows of the objects around a routine: columns of tables and views, signatures of routines and
// types of the user. Filled from the scripts themselves and from the inventory. Zone: pure; plain data.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tsql/types.hpp"

namespace lakemover::tsql {

struct ColumnInfo {
    std::string name;  // as written
    Type type;
    bool identity = false;
};
using Columns = std::shared_ptr<const std::vector<ColumnInfo>>;  // null: not known

struct ParameterInfo {
    std::string name;  // lower case, with its @
    Type type;
    bool output = false;
    bool defaulted = false;
    std::string table_type;   // of a table-valued parameter: the composite type's name on the target
    std::string default_sql;  // of one that has a default
};

struct Signature {
    std::string pg;  // its name on the target; empty: it is manual and cannot be called
    enum class Kind { kProcedure, kScalar, kTable } kind = Kind::kProcedure;
    std::vector<ParameterInfo> parameters;
    Type returns;     // of a scalar function
    Columns columns;  // of a table
    int cursors = 0;  // result sets that come back as cursors
    bool returns_code = false;
};

struct Catalog {
    // By lower-case "schema.name"; names without a schema are dbo's.
    std::map<std::string, Columns> relations;
    std::map<std::string, Signature> routines;
    std::set<std::string> indirect;  // views and routines, without the schema: what they read is elsewhere
    std::map<std::string, TypeName> alias_types;
    std::map<std::string, const TableDef*> table_types;
    std::set<std::string> bare;  // those that the scripts create without a schema: they are called so, too
};

}  // namespace lakemover::tsql
