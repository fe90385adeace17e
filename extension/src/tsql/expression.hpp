// A lone T-SQL expression (default, check, computed column, index filter) in PostgreSQL's words. Zone: pure;
// throws bad_alloc only: what has no translation of certain meaning comes back as a problem.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::tsql {

struct ExpressionColumn {
    std::string name;
    std::string type;       // as T-SQL declares it
    std::string collation;  // empty: not a string
};

struct Expression {
    std::string sql;      // empty when there is a problem
    std::string problem;  // empty when there is none
};

Expression convert_expression(std::string_view text, const std::vector<ExpressionColumn>& columns);

}  // namespace lakemover::tsql
