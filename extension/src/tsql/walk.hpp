// Visits every expression below a statement, a query or an expression, parents first. Zone: pure.
#pragma once
#include <functional>

#include "tsql/ast.hpp"

namespace lakemover::tsql {

using ExprVisitor = std::function<void(const Expr&)>;
void walk(const Expr& e, const ExprVisitor& visit);
void walk(const Query& q, const ExprVisitor& visit);
void walk(const From& f, const ExprVisitor& visit);
void walk(const Stmt& s, const ExprVisitor& visit);
void walk(const std::vector<StmtPtr>& list, const ExprVisitor& visit);
// Visits every statement of the list and below, parents first.
void walk_statements(const std::vector<StmtPtr>& list, const std::function<void(const Stmt&)>& visit);

// The label of that name in the list or below; null when there is none.
const Stmt* find_label(const std::vector<StmtPtr>& list, const std::string& label);

}  // namespace lakemover::tsql
