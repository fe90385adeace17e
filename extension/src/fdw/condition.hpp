// Conditions of a query as the source is asked to check them. Zone: PostgreSQL; read_condition() throws PgError, the
// rest is plain data.
#pragma once
#include "fdw/shippable.hpp"

namespace lakemover::fdw {

enum class Check { kNot, kLoosely, kExactly };

// Whether the source finds the rows that we would, perhaps with others, or cannot say.
Check source_check(const ExprScope& scope, Expr* clause);

// For a source with a dialect of its own, under begin_text_settings(). What has no words there is a disjunction of
// nothing, which no dialect checks.
source::ForeignCondition read_condition(const ExprScope& scope, Node* clause);

// A column of the foreign table as its source has it and as it was declared; it must be there.
source::ForeignColumn foreign_column(const RelInfo* info, int attribute, Oid type, int32 typmod);

}  // namespace lakemover::fdw
