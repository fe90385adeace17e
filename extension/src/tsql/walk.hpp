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

// The table of that alias in a FROM clause; null when there is none.
const From* table_of(const From& f, const std::string& alias);
// The lower-case name, without its schema, of what a statement inserts into, updates, deletes from or merges into; else empty.
std::string written_table(const Stmt& s);

// The label of that name in the list or below; null when there is none.
const Stmt* find_label(const std::vector<StmtPtr>& list, const std::string& label);

}  // namespace lakemover::tsql
