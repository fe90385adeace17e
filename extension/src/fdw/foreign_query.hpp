// Queries for sources with a dialect of their own. Zone: PostgreSQL, plain data but for foreign_read().
#pragma once
#include "fdw/deparse.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace lakemover::fdw {

// How a scan opens its cursor: with SQL of ours, or with the source's dialect, within or outside its transaction.
enum ScanMode { kOwnSql, kForeign, kForeignOutside };
int scan_mode(const RemoteTable* remote);

// Deparsed.columns of these: for each remote column its name, its type there and its codec here, as Strings.
Deparsed foreign_select(PlannerInfo* root, const ExprScope& scope, const SelectParts& parts);
Deparsed foreign_count(const ExprScope& scope, List* conditions);
Deparsed foreign_sample(const ExprScope& scope, Relation relation, double percent);
source::ForeignRead foreign_read(const char* sql, List* columns, int mode);

// LIMIT with a constant and without OFFSET: the one that TOP is.
bool has_plain_limit(const Query* query);

}  // namespace lakemover::fdw
